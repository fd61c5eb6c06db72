"""The one error of reading a model."""

from __future__ import annotations


class InspectionError(Exception):
    """A file cannot be read as a model; the message is one line and says why."""
