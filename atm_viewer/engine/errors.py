"""Errors shown to the user: every message is one sentence that says what is wrong and what to do.

What a sentence quotes may come from anywhere; `one_line` makes it short and printable.
"""

from __future__ import annotations

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
