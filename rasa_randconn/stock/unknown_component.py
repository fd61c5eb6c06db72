"""The error for a component of this package that does not exist."""

from rasa.shared.exceptions import InvalidConfigException


class UnknownComponentError(InvalidConfigException):
    """A configuration names a class that this package does not have.

    It is no `ImportError`, which Rasa's graph recipe hides behind a message of its own.
    """
