"""ASDF is data: what would lead out of the file, grow without bound or be something else than it says is refused.

Libraries follow references to other files and to URLs, expand aliases, and read arrays as they are described. All of
that is looked at here first, in one pass over the text and one over the blocks of binary data.
"""

from __future__ import annotations

import hashlib
import re
import struct
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from functools import cache
from importlib.metadata import entry_points
from typing import Any

from atm_viewer.engine.errors import InputError, one_line
from atm_viewer.engine.threads import loading

#: Bytes of the text, its nodes as they are written and with aliases expanded, and how deep they are nested, at most. A
#: NIRSpec exposure has 1 MB, 70,000 nodes (as many again by aliases) and a depth of 46.
MOST_TEXT, MOST_NODES, MOST_EXPANDED, MOST_DEPTH = 16 * 2**20, 400_000, 4_000_000, 150

_END = re.compile(rb"\n\.\.\.(\r?\n|$)")
_MAGIC = b"\xd3BLK"
_INDEX = b"#ASDF BLOCK INDEX"
#: Header of a block, after its magic number: its length, flags, compression, and bytes allocated, used and unpacked.
_BLOCK = struct.Struct(">HI4sQQQ16s")
_ARRAY = "/core/ndarray-"
_PYTHON = "tag:yaml.org,2002:python/"
_STANDARD = "tag:yaml.org,2002:"

#: Packages that exposures are written with, and what of them lists no tags but is long.
_WRITERS = ("asdf-standard", "asdf-transform-schemas", "asdf-wcs-schemas", "asdf-coordinates-schemas", "stdatamodels")
_NO_TAGS = ("jwst_datamodel",)
_TAG = re.compile(rb"tag_uri: *[\"']?([^\s\"']+)")


class UnusableError(Exception):
    """Why a file is refused, in words that follow "a WCS that"."""


@dataclass(frozen=True)
class Block:
    """A block of binary data: where its data begin in the file, and how many bytes there are."""

    start: int
    size: int


def check_asdf(name: str, content: bytes | memoryview, what: str = "a WCS") -> tuple[Block, ...]:
    """Refuse ASDF that is not data alone.

    Parameters
    ----------
    name : str
        Name of the file, for the sentence.
    content : bytes-like
        The ASDF file, which may lie in a FITS file.
    what : str
        What it is to be.

    Returns
    -------
    tuple of Block
        Its blocks.

    Raises
    ------
    InputError
        One sentence.
    """
    content = memoryview(content)
    try:
        return find_blocks(content, _check_text(_text(content)))
    except UnusableError as reason:
        raise InputError(f"{name} has {what} that {reason}; download it or process it again.") from reason


def find_blocks(content: bytes | memoryview, wanted: Collection[int] = ()) -> tuple[Block, ...]:
    """Find the blocks: all there, as long as they say, and unchanged since they were written.

    Parameters
    ----------
    content : bytes-like
        An ASDF file.
    wanted : collection of int
        Numbers of blocks that there must be.

    Returns
    -------
    tuple of Block

    Raises
    ------
    UnusableError
        They are not.
    """
    content = memoryview(content)
    at = len(_text(content))
    starts: list[int] = []
    blocks: list[Block] = []
    while content[at : at + 4] == _MAGIC:
        starts.append(at)
        at, block = _read_block(content, at, len(blocks))
        blocks.append(block)
    if wanted and max(wanted) >= len(blocks):
        raise UnusableError(f"lacks data: it refers to block {max(wanted)} of {len(blocks)}")
    rest = bytes(content[at : at + 2**20])
    index = [int(number) for number in re.findall(rb"\d+", rest[rest.find(b"---") :])]
    if rest.startswith(_INDEX) and index != starts:
        raise UnusableError("has a wrong index of its blocks")
    return tuple(blocks)


def _text(content: memoryview) -> bytes:
    """Text of an ASDF file, with its end; blocks follow it."""
    start = bytes(content[: MOST_TEXT + 8])
    if not start.startswith(b"#ASDF "):
        raise UnusableError("is not ASDF")
    end = _END.search(start)
    if end is None:
        raise UnusableError(
            "has no end of its text" if len(content) <= MOST_TEXT else f"has more than {MOST_TEXT >> 20} MB of text"
        )
    return start[: end.end()]


def _check_text(text: bytes) -> set[int]:
    """Look at the text, and return the numbers of the blocks that arrays refer to."""
    import yaml

    loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    try:
        return _Walk(_tag_check()).over(yaml.parse(text, Loader=loader))
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        where = "" if mark is None else f" (line {mark.line + 1})"
        raise UnusableError(f"is not valid YAML{where}") from error
    except (UnicodeError, RecursionError, ValueError) as error:
        raise UnusableError("is not valid YAML") from error


def _tag_check() -> Callable[[str], bool]:
    """Tell which tags are known."""
    known: dict[str, bool] = {}

    def check(tag: str) -> bool:
        if tag not in known:
            standard = tag.startswith(_STANDARD) and not tag.startswith(_PYTHON)
            known[tag] = standard or ("/core/externalarray-" not in tag and (tag in load_tags() or _handled(tag)))
        return known[tag]

    return check


@cache
@loading()
def load_tags() -> frozenset[str]:
    """Load the tags of the packages that exposures are written with, as their lists have them."""
    found: set[bytes] = set()
    for point in entry_points(group="asdf.resource_mappings"):
        if point.dist is None or point.dist.name.replace("_", "-").lower() not in _WRITERS or point.name in _NO_TAGS:
            continue
        for texts in point.load()():
            for name in texts:
                if "/manifests/" in name:
                    found.update(_TAG.findall(texts[name]))
    return frozenset(tag.decode() for tag in found)


@loading()
def _handled(tag: str) -> bool:
    """Whether anything that is installed knows a tag; it takes asdf seconds to load all that."""
    import asdf

    return bool(asdf.AsdfFile().extension_manager.handles_tag(tag))


@dataclass
class _Node:
    """A list or map whose end has not come: its nodes so far, aliases expanded, and the key whose value comes next."""

    anchor: str
    tag: str
    is_map: bool
    nodes: int = 1
    key: str | None = None
    at_value: bool = False


class _Walk:
    """One pass over the events of a YAML text."""

    def __init__(self, is_known: Callable[[str], bool]):
        self._is_known = is_known
        self._wanted: set[int] = set()
        self._open: list[_Node] = []
        self._sizes: dict[str, int] = {}

    def over(self, events: Iterator[Any]) -> set[int]:
        """Follow all events, and return the numbers of the blocks that arrays refer to."""
        import yaml

        for count, event in enumerate(events):
            if count > 2 * MOST_NODES:
                raise UnusableError(f"has more than {MOST_NODES} values")
            if isinstance(event, yaml.AliasEvent):
                self._alias(event.anchor or "")
            elif isinstance(event, yaml.ScalarEvent):
                self._scalar(event)
            elif isinstance(event, yaml.MappingStartEvent | yaml.SequenceStartEvent):
                self._begin(event, isinstance(event, yaml.MappingStartEvent))
            elif isinstance(event, yaml.MappingEndEvent | yaml.SequenceEndEvent):
                node = self._open.pop()
                if node.anchor:
                    self._sizes[node.anchor] = node.nodes
                self._count(node.nodes)
        return self._wanted

    def _begin(self, event: Any, is_map: bool) -> None:
        if self._open and self._open[-1].is_map and not self._open[-1].at_value:
            raise UnusableError("has a key that is not a word")
        self._check_tag(event.tag)
        # An anchor may be given again; then aliases mean the new one.
        self._sizes.pop(event.anchor or "", None)
        self._open.append(_Node(event.anchor or "", event.tag or "", is_map))
        if len(self._open) > MOST_DEPTH:
            raise UnusableError(f"is nested more than {MOST_DEPTH} levels deep")

    def _alias(self, anchor: str) -> None:
        if anchor not in self._sizes:
            raise UnusableError(f"refers to itself, or to nothing, by the alias {one_line(anchor, 20)}")
        self._count(self._sizes[anchor])

    def _scalar(self, event: Any) -> None:
        self._check_tag(event.tag)
        if event.anchor:
            self._sizes[event.anchor] = 1
        parent = self._open[-1] if self._open else None
        if parent is not None and parent.is_map:
            if not parent.at_value and event.value == "$ref":
                raise UnusableError("refers to another file ($ref)")
            if parent.at_value and parent.key == "source" and _ARRAY in parent.tag:
                self._source(event.value)
            parent.key = event.value
        self._count(1)

    def _source(self, value: str) -> None:
        """Look at where an array is: in a block, or in an extension of the FITS file."""
        if value.startswith("fits:"):
            return
        if not value.isdecimal() or len(value) > 9:
            raise UnusableError(f"refers to an array in another file ({one_line(value, 40)})")
        self._wanted.add(int(value))

    def _check_tag(self, tag: str | None) -> None:
        if not tag or self._is_known(tag):
            return
        if tag.startswith(_PYTHON) or "/externalarray-" in tag or any(node.key == "wcs" for node in self._open):
            raise UnusableError(f"has something unknown in it ({one_line(tag)}), perhaps of a newer pipeline")

    def _count(self, nodes: int) -> None:
        """Add a complete node to the one that it is in."""
        if self._open:
            parent = self._open[-1]
            parent.nodes += nodes
            parent.at_value = parent.is_map and not parent.at_value
            if parent.nodes > MOST_EXPANDED:
                raise UnusableError(f"has more than {MOST_EXPANDED} values, by aliases that repeat")


def _read_block(content: memoryview, at: int, number: int) -> tuple[int, Block]:
    """Read the block at a position, and where the next one begins."""
    head = bytes(content[at + 4 : at + 4 + _BLOCK.size])
    if len(head) < _BLOCK.size:
        raise UnusableError("is cut off")
    length, flags, compression, allocated, used, unpacked, checksum = _BLOCK.unpack(head)
    begin = at + 6 + length
    if length < _BLOCK.size - 2 or used > allocated or begin + allocated > len(content):
        raise UnusableError(f"is cut off in block {number}")
    if flags or compression.strip(b"\x00") or unpacked != used:
        raise UnusableError(f"has a packed or endless block {number}, as the pipeline never writes")
    if any(checksum) and hashlib.md5(content[begin : begin + used], usedforsecurity=False).digest() != checksum:
        raise UnusableError(f"is damaged: block {number} is not what was written (wrong checksum)")
    return int(begin + allocated), Block(int(begin), int(used))
