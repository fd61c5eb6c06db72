"""What goes wrong with model files."""

from rasa.shared.exceptions import RasaException


class ModelFileError(RasaException):
    """A trained component's files are damaged, foreign, or newer than this package."""
