"""Metadata and WCS of a file as the text that they are: changed in places, without building what they describe."""

from __future__ import annotations

import re
from typing import Any

from atm_viewer.engine.give_back import without_garbage_search


class UnchangeableError(Exception):
    """The text is not laid out so that it can be changed in this place."""


class TreeText:
    """The tree of an ASDF file, with changes that are made all at once by `content`.

    Nodes are PyYAML's: their marks say where in the text they are, however it is laid out.

    Parameters
    ----------
    content : bytes
        An ASDF file, as datamodels embed it.
    """

    def __init__(self, content: bytes) -> None:
        import yaml

        self._text, self._blocks = _split(content)
        with without_garbage_search():
            self.root: Any = yaml.compose(self._text, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))
        self._changes: list[tuple[int, int, str]] = []

    def node(self, *keys: str | int) -> Any:
        """Node at a path of keys and places in lists; None where there is none."""
        found = self.root
        for key in keys:
            if isinstance(key, str):
                found = dict(self._items(found)).get(key)
            else:
                found = found.value[key] if found.id == "sequence" and key < len(found.value) else None
            if found is None:
                return None
        return found

    @staticmethod
    def _items(node: Any) -> list[tuple[str, Any]]:
        return [(key.value, value) for key, value in node.value] if node.id == "mapping" else []

    def text_of(self, node: Any) -> str:
        """Text of a node, with its tag."""
        return self._text[slice(*self._span(node))]

    def column(self, node: Any) -> int:
        """Column of the first key of a mapping that is written in lines, or of the first mark of a list."""
        first = node.value[0][0] if node.id == "mapping" else node.value[0]
        if node.flow_style or not node.value:
            raise UnchangeableError("it is not written in lines")
        start = self._text.rfind("\n", 0, first.start_mark.index) + 1
        return len(self._text[start:]) - len(self._text[start:].lstrip(" "))

    def put(self, value: str, *keys: str) -> None:
        """Replace what is at a path of keys, or add it where its parent has no such key."""
        parent = self.node(*keys[:-1])
        if parent is None or parent.id != "mapping":
            raise UnchangeableError(f"it has no {'.'.join(keys[:-1])}")
        for key, old in parent.value:
            if key.value == keys[-1]:
                if old.start_mark.index < key.end_mark.index or "&" in self.text_of(old):
                    raise UnchangeableError(f"{key.value} is shared")
                self.replace(old, value)
                return
        if parent.flow_style:
            at = self._text.index("{", parent.start_mark.index) + 1
            self._changes.append((at, at, f"{keys[-1]}: {value}{', ' if parent.value else ''}"))
        else:
            at = parent.value[0][0].start_mark.index
            self._changes.append((at, at, f"{keys[-1]}: {value}\n{' ' * self.column(parent)}"))

    def replace(self, node: Any, value: str) -> None:
        """Replace a node."""
        self._changes.append((*self._span(node), value))

    def remove(self, *keys: str) -> bool:
        """Remove a key of a mapping that is written in lines, if there is one; tell whether there was."""
        parent = self.node(*keys[:-1])
        entries = parent.value if parent is not None and parent.id == "mapping" else []
        for k, (key, value) in enumerate(entries):
            if key.value == keys[-1]:
                if parent.flow_style:
                    raise UnchangeableError(f"{keys[-1]} is not on a line of its own")
                following = entries[k + 1][0].start_mark if k + 1 < len(entries) else value.end_mark
                self._changes.append((key.start_mark.index, following.index, ""))
                return True
        return False

    def insert_first(self, node: Any, value: str) -> None:
        """Put an element in front of the others of a list that is written in lines; ``value`` has its indentation."""
        at = self._text.rfind("\n", 0, node.value[0].start_mark.index) + 1
        self._changes.append((at, at, f"{value}\n"))

    def tag(self, name: str, known: str = "1.0.0") -> str:
        """Tag of a kind of object in the version that the file has it in, else in one that all readers know."""
        found = re.search(rf"[!:]{re.escape(name)}-(\d+\.\d+\.\d+)", self._text)
        version = found[1] if found else known
        return f"!<tag:stsci.edu:{name}-{version}>" if name.startswith("gwcs/") else f"!{name}-{version}"

    def content(self) -> bytes:
        """Return the file with all changes, without its index of blocks, and without blocks that nothing refers to."""
        parts, at = [], 0
        for begin, end, value in sorted(self._changes, key=lambda change: change[:2]):
            if begin < at:
                raise UnchangeableError("two changes overlap")
            parts += [self._text[at:begin], value]
            at = end
        text = "".join([*parts, self._text[at:]])
        return text.encode("utf-8") + (self._blocks if re.search(r"\bsource: \d", text) else b"")

    def _span(self, node: Any) -> tuple[int, int]:
        # Nodes that are written in lines end where the next one begins.
        begin, end = node.start_mark.index, node.end_mark.index
        return begin, begin + len(self._text[begin:end].rstrip())


def _split(content: bytes) -> tuple[str, bytes]:
    """Tree, as YAML, and binary blocks of an ASDF file.

    The blocks come without their index, which holds positions in the file and need not be there.
    """
    end = content.index(b"\n...\n") + 5
    index = content.rfind(b"#ASDF BLOCK INDEX")
    return content[:end].decode("utf-8"), content[end : index if index > 0 else None]
