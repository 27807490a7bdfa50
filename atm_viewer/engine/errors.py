"""Errors shown to the user: every message is one sentence that says what is wrong and what to do."""

from __future__ import annotations


class UserError(Exception):
    """Something the user can mend; ``str(error)`` is the sentence to show."""


class InputError(UserError):
    """A file, association or recipe cannot be used."""


class OutputError(UserError):
    """A product cannot be written."""


class Cancelled(Exception):
    """The user cancelled the work, or newer parameters made it pointless."""
