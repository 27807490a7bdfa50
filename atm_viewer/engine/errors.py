"""Errors shown to the user: every message is one sentence that says what is wrong and what to do.

What a sentence quotes may come from anywhere; `one_line` makes it short and printable.
"""

from __future__ import annotations

import errno
import re
from unicodedata import category

MOST_OF_SENTENCE = 1000  #: letters of a sentence; one that is longer quotes something without end
MOST_OF_WORD = 260  #: letters of a word: names of files have fewer
MOST_OF_VALUE = 80  #: letters of a name or a value


def one_line(value: object, most: int = MOST_OF_VALUE) -> str:
    """Write a value as a single line that can be read.

    Parameters
    ----------
    value : object
        Text from outside: a name, a keyword, a whole sentence.
    most : int
        Letters; what is longer is cut in the middle.

    Returns
    -------
    str
        Without line breaks, control characters, and marks that change the direction of writing.
    """
    text = str(value)
    if len(text) > most:
        text = f"{text[: most // 2]}…{text[len(text) - (most - most // 2 - 1) :]}"
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() or category(c) == "Zs" else " " if c.isspace() else "\ufffd" for c in text)


def one_sentence(text: object) -> str:
    """Write a sentence as a single line that can be read, and in which nothing that it quotes has no end."""
    words = re.sub(rf"\S{{{MOST_OF_WORD},}}", lambda word: one_line(word[0]), str(text))
    return one_line(words, MOST_OF_SENTENCE)


class UserError(Exception):
    """Something the user can mend; ``str(error)`` is the sentence to show."""

    def __str__(self) -> str:
        return one_sentence(super().__str__())


class InputError(UserError):
    """A file, association or recipe cannot be used."""


class OutputError(UserError):
    """A product cannot be written."""


class Cancelled(Exception):
    """The user cancelled the work, or newer parameters made it pointless."""


def shortage(error: BaseException | None) -> str:
    """Tell what the machine lacks, where that is the reason of an error.

    Parameters
    ----------
    error : BaseException or None
        What was raised. Whatever led to it counts as well: libraries say of a file that it is damaged when the system
        had no memory for it.

    Returns
    -------
    str
        A sentence without its capital letter; empty where nothing is lacking.
    """
    while error is not None:
        number = error.errno if isinstance(error, OSError) else None
        # Python has no error of a type of its own for a thread that the system has no room for.
        if isinstance(error, MemoryError) or number == errno.ENOMEM or "can't start new thread" in str(error):
            return "there is not enough memory; close some exposures or other programs and try again."
        if number in (errno.EMFILE, errno.ENFILE):
            return "too many files are open; close other programs, or allow more files (ulimit -n), and try again."
        error = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    return ""
