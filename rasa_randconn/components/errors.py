"""Errors that Rasa's command line prints as one message."""

from rasa.shared.exceptions import RasaException

from rasa_randconn.storage import ModelFileError


class ComponentFileError(ModelFileError, RasaException):
    """A component cannot be loaded from its files."""
