"""What goes wrong with model files."""


class ModelFileError(Exception):
    """A trained component's files are damaged, foreign, or newer than this package."""
