"""The one error of the comparison tool."""

from __future__ import annotations


class ComparisonError(Exception):
    """What the user asked for cannot be done; the message says why and what to do."""
