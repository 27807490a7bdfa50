"""Malformed exposures from a description: each extension, keyword and part of the WCS with each kind of damage."""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from astropy.io import fits

#: What has to happen: the file is refused; it is used and nothing of its numbers differs; or one of both.
REFUSED, HARMLESS, EITHER = "refused", "harmless", "either"


@dataclass(frozen=True)
class Damage:
    """A way to spoil a file.

    Parameters
    ----------
    kind : str
        Group that it is counted in.
    name : str
        What is done.
    make : callable
        ``make(good, place)`` writes the spoilt copy of a good exposure.
    expected : str
        `REFUSED`, `HARMLESS` or `EITHER`.
    """

    kind: str
    name: str
    make: Callable[[Path, Path], None]
    expected: str = REFUSED


def all_damages(instrument: str, seed: int = 1, flips: int = 60) -> Iterator[Damage]:
    """All ways to spoil an exposure of an instrument, ``"miri"`` or ``"nirspec"``."""
    yield from extension_damages(instrument)
    yield from keyword_damages(instrument)
    yield from wcs_damages(instrument)
    yield from size_damages()
    yield from flip_damages(seed, flips)


# Extensions

Spoil = Callable[[Any, str], None]


def _edited(spoil: Callable[[Any], None]) -> Callable[[Path, Path], None]:
    def make(good: Path, place: Path) -> None:
        with fits.open(good, memmap=False) as hdus:
            spoil(hdus)
            hdus.writeto(place, output_verify="ignore", overwrite=True)

    return make


def _of_array(change: Callable[[np.ndarray], np.ndarray]) -> Spoil:
    def spoil(hdus: Any, key: str) -> None:
        hdu = hdus[key]
        hdus[hdus.index_of(key)] = fits.ImageHDU(change(hdu.data), name=key)
        for word in ("BUNIT", "S_REGION"):
            if word in hdu.header:
                hdus[key].header[word] = hdu.header[word]

    return spoil


def _table(hdus: Any, key: str) -> None:
    column = fits.Column("VALUE", "E", array=np.zeros(5))
    hdus[hdus.index_of(key)] = fits.BinTableHDU.from_columns([column], name=key)


def _absent(hdus: Any, key: str) -> None:
    del hdus[key]


def _twice(hdus: Any, key: str) -> None:
    hdus.append(fits.ImageHDU(hdus[key].data, name=key))


def _header(**cards: Any) -> Spoil:
    def spoil(hdus: Any, key: str) -> None:
        hdus[key].header.update(cards)

    return spoil


SPOILS: dict[str, Spoil] = {
    "absent": _absent,
    "twice": _twice,
    "a table": _table,
    "without pixels": lambda hdus, key: hdus.__setitem__(hdus.index_of(key), fits.ImageHDU(name=key)),
    "transposed": _of_array(np.transpose),
    "half of the rows": _of_array(lambda a: a[::2]),
    "one column less": _of_array(lambda a: a[:, :-1]),
    "one dimension": _of_array(np.ravel),
    "three dimensions": _of_array(lambda a: a[np.newaxis]),
    "of bytes": _of_array(lambda a: np.nan_to_num(a).astype(np.uint8)),
    "of doubles": _of_array(lambda a: a.astype(np.float64)),
    "of short integers": _of_array(lambda a: np.nan_to_num(a).astype(np.int16)),
    "scaled": _of_array(lambda a: a),  # replaced below: astropy must not undo it
}


def _scaled(hdus: Any, key: str) -> None:
    array = np.nan_to_num(np.asarray(hdus[key].data, float))
    hdu = fits.ImageHDU(array.astype(np.float32), name=key)
    hdu.scale("int16", bscale=0.25, bzero=3.0)
    hdus[hdus.index_of(key)] = hdu


SPOILS["scaled"] = _scaled

_NEEDED = ("SCI", "ERR", "DQ")
_ALL = (*_NEEDED, "VAR_POISSON", "VAR_RNOISE", "VAR_FLAT")

#: Extensions and ways of spoiling them that leave a good file.
_FINE = {(key, "absent") for key in ("VAR_POISSON", "VAR_RNOISE", "VAR_FLAT")}


def extension_damages(instrument: str) -> Iterator[Damage]:
    """Each extension with each damage, then what concerns several."""
    keys = _ALL if instrument == "miri" else (*_ALL, "REGIONS")
    for key in keys:
        for name, spoil in SPOILS.items():
            expected = HARMLESS if (key, name) in _FINE else EITHER if name == "of doubles" and key != "DQ" else REFUSED
            if key == "REGIONS":
                expected = REFUSED
            if name in ("of short integers", "of bytes") and key in ("DQ", "REGIONS"):
                expected = EITHER
            yield Damage(
                "extensions", f"{key} {name}", _edited(lambda hdus, key=key, spoil=spoil: spoil(hdus, key)), expected
            )
    for value in (np.nan, np.inf, -np.inf):
        yield Damage("values", f"SCI all {value}", _edited(_filled("SCI", value)))
    yield Damage("values", "ERR all NaN", _edited(_filled("ERR", np.nan)))
    yield Damage("values", "ERR all 0", _edited(_filled("ERR", 0.0)))
    yield Damage("values", "ERR negative", _edited(_filled("ERR", -1.0)))
    yield Damage("values", "DQ all DO_NOT_USE", _edited(_filled("DQ", 1)))
    yield Damage("values", "all transposed", _edited(_transpose_all))
    yield Damage("values", "all oversampled", _edited(_oversample_all))
    yield Damage("values", "all cut to a window", _edited(_cut_all))
    if instrument == "nirspec":
        yield Damage("extensions", "WAVELENGTH absent", _edited(lambda hdus: _absent(hdus, "WAVELENGTH")), EITHER)
        for value in (0, -1, 31, 1000, 2**31 - 1, -(2**31)):
            yield Damage("values", f"REGIONS all {value}", _edited(_filled("REGIONS", value)))
        yield Damage("values", "REGIONS one pixel 31", _edited(_one_pixel("REGIONS", 31)))
        yield Damage("values", "REGIONS one pixel -5", _edited(_one_pixel("REGIONS", -5)))
        yield Damage("values", "REGIONS shuffled", _edited(_shuffled), EITHER)


def _filled(key: str, value: float) -> Callable[[Any], None]:
    def spoil(hdus: Any) -> None:
        hdus[key].data[:] = value

    return spoil


def _one_pixel(key: str, value: int) -> Callable[[Any], None]:
    def spoil(hdus: Any) -> None:
        hdus[key].data[3, 3] = value

    return spoil


def _shuffled(hdus: Any) -> None:
    hdus["REGIONS"].data[:] = hdus["REGIONS"].data[::-1, ::-1].copy()


def _images(hdus: Any) -> list[str]:
    return [h.name for h in hdus if isinstance(h, fits.ImageHDU)]


def _transpose_all(hdus: Any) -> None:
    for key in _images(hdus):
        SPOILS["transposed"](hdus, key)


def _oversample_all(hdus: Any) -> None:
    axis = 0 if "REGIONS" in hdus else 1
    for key in _images(hdus):
        _of_array(lambda a: np.repeat(a, 2, axis=axis))(hdus, key)


def _cut_all(hdus: Any) -> None:
    for key in _images(hdus):
        _of_array(lambda a: a[100:-100])(hdus, key)


# Keywords

_VALUES: dict[str, Any] = {
    "absent": None,
    "empty": "",
    "a number": 7,
    "a fraction": 0.5,
    "true": True,
    "of another instrument": "NIRCAM",
    "very long": "X" * 5000,
    "with markup": "<img src=/dev/zero>",
    "negative": -3,
    "odd letters": "a'b\"c\\d",
}

_STRICT = {
    "miri": ("TELESCOP", "INSTRUME", "DETECTOR", "CHANNEL", "BAND", "EXP_TYPE", "S_WCS"),
    "nirspec": ("TELESCOP", "INSTRUME", "DETECTOR", "GRATING", "FILTER", "EXP_TYPE", "S_WCS"),
}
_LOOSE = ("PATT_NUM", "NUMDTHPT", "TARGNAME", "TARGTYPE", "SUBARRAY", "DATE-OBS", "FILENAME", "OBSERVTN", "VISIT")
_OF_SCIENCE = ("BUNIT", "S_REGION", "VPARITY", "RA_REF", "V3I_YANG", "CRVAL1", "PIXAR_SR", "WAVSTART")
_SWAPS = {
    "miri": {"BAND": "LONG", "CHANNEL": "34", "DETECTOR": "MIRIFULONG"},
    "nirspec": {"GRATING": "G140M", "FILTER": "F100LP", "DETECTOR": "NRS2"},
}


def keyword_damages(instrument: str) -> Iterator[Damage]:
    """Each keyword with each value, and keywords that contradict each other or the WCS."""
    for extension, keys, expected in (
        (0, _STRICT[instrument], REFUSED),
        (0, _LOOSE, HARMLESS),
        (1, _OF_SCIENCE, HARMLESS),
    ):
        for key in keys:
            for name, value in _VALUES.items():
                yield Damage("keywords", f"{key} {name}", _with_key(extension, key, value), expected)
    for key, value in _SWAPS[instrument].items():
        # M gratings have no light on NRS2, but nothing of the numbers depends on it.
        expected = EITHER if value == "NRS2" else REFUSED
        yield Damage("keywords", f"{key} {value}: not what the WCS is of", _with_key(0, key, value), expected)
    both = (
        {"DETECTOR": "MIRIFULONG", "CHANNEL": "34"} if instrument == "miri" else {"GRATING": "PRISM", "FILTER": "CLEAR"}
    )

    def swapped(hdus: Any) -> None:
        hdus[0].header.update(both)

    yield Damage("keywords", "those of another setting", _edited(swapped))
    for unit in ("MJy", "Jy/pixel", "DN/s", "mJy/arcsec2", "nonsense unit", "é"):
        yield Damage("units", unit, _with_unit(unit), HARMLESS)


def _with_key(extension: int, key: str, value: Any) -> Callable[[Path, Path], None]:
    def spoil(hdus: Any) -> None:
        header = hdus[extension].header
        header.remove(key, ignore_missing=True)
        if value is not None:
            header[key] = value

    return _edited(spoil)


def _with_unit(unit: str) -> Callable[[Path, Path], None]:
    def make(good: Path, place: Path) -> None:
        content = good.read_bytes()
        at = content.index(b"BUNIT   = '")
        card = f"BUNIT   = '{unit:8}'".encode("latin-1").ljust(80)[:80]
        place.write_bytes(content[:at] + card + content[at + 80 :])

    return make


# The WCS


def wcs_damages(instrument: str) -> Iterator[Damage]:
    """Damages to the ASDF extension."""
    yield from (Damage("WCS", name, _with_asdf(change), expected) for name, (change, expected) in _ASDF_CHANGES.items())
    other = "nirspec" if instrument == "miri" else "miri"
    yield Damage("WCS", "of the other instrument", _with_wcs_of(other))


def _with_asdf(change: Callable[[bytes], bytes]) -> Callable[[Path, Path], None]:
    def make(good: Path, place: Path) -> None:
        with fits.open(good, memmap=False) as hdus:
            content = change(hdus["ASDF"].data["ASDF_METADATA"][0].tobytes())
            _put_asdf(hdus, content)
            hdus.writeto(place, overwrite=True)

    return make


def _with_wcs_of(other: str) -> Callable[[Path, Path], None]:
    def make(good: Path, place: Path) -> None:
        from atm_viewer.demo import demo_exposures

        with fits.open(sorted(demo_exposures(other).parent.glob("*_cal.fits"))[0]) as hdus:
            content = hdus["ASDF"].data["ASDF_METADATA"][0].tobytes()
        _with_asdf(lambda _: content)(good, place)

    return make


def _put_asdf(hdus: Any, content: bytes) -> None:
    array = np.frombuffer(content, np.uint8)[np.newaxis]
    column = fits.Column("ASDF_METADATA", f"{len(content)}B", array=array)
    hdus["ASDF"] = fits.BinTableHDU.from_columns([column], name="ASDF")


def _yaml(change: Callable[[str], str]) -> Callable[[bytes], bytes]:
    """Change the text of an ASDF file."""

    def apply(content: bytes) -> bytes:
        end = content.index(b"\n...") + 1
        blocks = content[end:].partition(b"#ASDF BLOCK INDEX")[0]  # its index would not be right any more
        return change(content[:end].decode()).encode() + blocks

    return apply


def _once(old: str, new: str) -> Callable[[bytes], bytes]:
    def apply(text: str) -> str:
        assert re.search(old, text), old
        return re.sub(old, lambda _: new, text, count=1)

    return _yaml(apply)


def _every(old: str, new: str) -> Callable[[bytes], bytes]:
    return _yaml(lambda text: re.sub(old, lambda _: new, text))


def _block(number: int, change: Callable[[bytearray], None]) -> Callable[[bytes], bytes]:
    """Change the header (54 bytes, from its magic number on) of a block."""

    def apply(content: bytes) -> bytes:
        starts = [m.start() for m in re.finditer(b"\xd3BLK", content)]
        changed = bytearray(content)
        head = changed[starts[number] : starts[number] + 80]
        change(head)
        changed[starts[number] : starts[number] + 80] = head
        return bytes(changed)

    return apply


def _at(offset: int, value: bytes) -> Callable[[bytearray], None]:
    def change(head: bytearray) -> None:
        head[offset : offset + len(value)] = value

    return change


def _top(addition: str) -> Callable[[bytes], bytes]:
    return _yaml(lambda text: text.rstrip("\n") + "\n" + addition + "\n")


_BOMB = "bomb0: &b0 [x, x]\n" + "\n".join(f"bomb{k}: &b{k} [{', '.join([f'*b{k - 1}'] * 10)}]" for k in range(1, 12))
_MAPS = "m0: &m0 {a: 1}\n" + "\n".join(
    f"m{k}: &m{k} {{{', '.join(f'a{j}: *m{k - 1}' for j in range(10))}}}" for k in range(1, 12)
)

_INDEX = b"#ASDF BLOCK INDEX\n%YAML 1.1\n---\n- "
_NUMBER = r"factor: -?[\d.e-]+"

_ASDF_CHANGES: dict[str, tuple[Callable[[bytes], bytes], str]] = {
    "empty": (lambda content: b"", REFUSED),
    "zeros": (lambda content: bytes(len(content)), REFUSED),
    "no ASDF": (lambda content: b"This is text and nothing else.", REFUSED),
    "text alone": (lambda content: content[: content.index(b"\n...") + 5], REFUSED),
    "cut in its text": (lambda content: content[:3000], REFUSED),
    "cut in its blocks": (lambda content: content[: len(content) // 2], REFUSED),
    "text that is no YAML": (_top("a: [1, 2"), REFUSED),
    "text not UTF-8": (lambda content: content.replace(b"author", b"auth\xff\xfe", 1), REFUSED),
    "no wcs": (_every(r"(?m)^  wcs:", "  other:"), REFUSED),
    "wcs is a text": (_once(r"(?m)^  wcs: !<[^>]*>", "  wcs: text\n  other:"), REFUSED),
    "wcs is a number": (_once(r"(?m)^  wcs: !<[^>]*>", "  wcs: 5\n  other:"), REFUSED),
    "unknown tag": (_once(r"tag:stsci.edu:gwcs/wcs-", "tag:stsci.edu:gwcs/other-"), REFUSED),
    "unknown version": (_once(r"tag:stsci.edu:gwcs/wcs-1\.\d", "tag:stsci.edu:gwcs/wcs-9.9"), REFUSED),
    "tag of Python": (_top("evil: !!python/object/apply:os.system ['touch /tmp/atm-viewer-evil']"), REFUSED),
    "frame gone": (_every(r"name: alpha_beta|name: slicer", "name: nowhere"), REFUSED),
    "output frame gone": (_every(r"name: world", "name: nowhere"), EITHER),
    "detector gone": (_every(r"name: detector", "name: nowhere"), REFUSED),
    "steps empty": (_once(r"steps:", "steps: []\n    other:"), REFUSED),
    "reference to a file": (_top("far: {$ref: 'file:///etc/hostname#/x'}"), REFUSED),
    "reference to a URL": (_top("far: {$ref: 'http://127.0.0.1:9/x.asdf#/wcs'}"), REFUSED),
    "reference within": (_top("far: {$ref: '#/meta'}"), REFUSED),
    "quoted reference": (_top('far: {"\\u0024ref": "file:///etc/hostname#/x"}'), REFUSED),
    "external array": (_once(r"source: 0", "source: file:///etc/hostname"), REFUSED),
    "external array by URL": (_once(r"source: 0", "source: 'http://127.0.0.1:9/x.asdf'"), REFUSED),
    "external array by tag": (
        _top("far: !core/externalarray-1.0.0 {fileuri: /etc/hostname, target: 1, datatype: int8, shape: [1]}"),
        REFUSED,
    ),
    "array of a block that is not there": (_once(r"source: 0", "source: 99999"), REFUSED),
    "array of a negative block": (_once(r"source: 0", "source: -1"), EITHER),
    "array of an extension that is not there": (_once(r"source: fits:ERR,1", "source: fits:NONE,1"), EITHER),
    "array that is too large": (_every(r"shape: \[(?!10|20|13)", "shape: [1000000000, "), REFUSED),
    "array of a negative shape": (_once(r"source: 0", "{offset: -1000, source: 0}"), REFUSED),
    "array of another type": (_once(r"datatype: float64", "datatype: [ascii, 2000000000]"), REFUSED),
    "aliases that grow": (_top(_BOMB), REFUSED),
    "aliases of maps that grow": (_top(_MAPS), REFUSED),
    "alias of itself": (_top("self: &self [*self]"), EITHER),
    "nested without end": (_top("deep: " + "[" * 100_000 + "]" * 100_000), REFUSED),
    "nested maps without end": (_top("deep: " + "{a: " * 50_000 + "1" + "}" * 50_000), REFUSED),
    "keys without end": (_top("\n".join(f"key{k}: {k}" for k in range(500_000))), REFUSED),
    "a key of a million letters": (_top(f"? {'k' * 1_000_000}\n: 1"), EITHER),
    "a number of a million digits": (_top(f"big: {'9' * 1_000_000}"), EITHER),
    "keys twice": (_top("meta: {}"), REFUSED),
    "a key that is a list": (_top("? [1, 2]\n: 3"), EITHER),
    "not finite": (_every(_NUMBER, "factor: .nan"), REFUSED),
    "a text for a number": (_every(_NUMBER, "factor: text"), REFUSED),
    "wrong index": (lambda content: content.replace(_INDEX, b"%s1" % _INDEX), REFUSED),
    "block with a wrong checksum": (_block(0, _at(38, b"\x01" * 16)), REFUSED),
    "block of another compression": (_block(0, _at(10, b"blsc")), REFUSED),
    "block said to be packed": (_block(0, _at(10, b"zlib")), REFUSED),
    "block larger than the file": (_block(0, _at(14, b"\x00\x00\x7f" + b"\xff" * 5)), REFUSED),
    "block that unpacks without end": (_block(0, _at(30, b"\x7f" + b"\xff" * 7)), REFUSED),
    "block streamed": (_block(0, _at(6, b"\x00\x00\x00\x01")), REFUSED),
    "block without its magic number": (_block(0, _at(0, b"XXXX")), REFUSED),
    "block with a changed number": (_block(0, _at(70, b"\x55" * 8)), REFUSED),
}


# Sizes that lie


def size_damages() -> Iterator[Damage]:
    """Headers that promise more than the file has, or holes."""
    for key in ("NAXIS1", "NAXIS2"):
        for value in (0, 1, 10**9, 2**62, -5):
            yield Damage("sizes", f"SCI {key} {value}", _with_card("SCI", key, f"{value:>20d}"))
    for value in ("999", "-1", "5", "1000000000"):
        yield Damage("sizes", f"SCI NAXIS {value}", _with_card("SCI", "NAXIS", f"{value:>20}"))
        yield Damage("sizes", f"SCI BITPIX {value}", _with_card("SCI", "BITPIX", f"{value:>20}"))
        yield Damage("sizes", f"SCI PCOUNT {value}", _with_card("SCI", "PCOUNT", f"{value:>20}"), EITHER)
    yield Damage("sizes", "ten GB of holes behind the end", _with_holes)
    for share in (0.0, 1e-6, 1e-4, 0.1, 0.5, 0.9, 0.999, 0.9999):
        yield Damage("sizes", f"cut at {share}", _cut(share))
    yield Damage("sizes", "a byte too many", lambda good, place: _appended(good, place, b"x"), EITHER)
    yield Damage(
        "sizes", "garbage behind the end", lambda good, place: _appended(good, place, b"garbage" * 5000), EITHER
    )


def _with_card(extension: str, key: str, value: str) -> Callable[[Path, Path], None]:
    def make(good: Path, place: Path) -> None:
        content = good.read_bytes()
        start = content.rindex(b"XTENSION", 0, content.index(f"EXTNAME = '{extension}".encode()))
        at = content.index(f"{key:8}=".encode(), start) if f"{key:8}=".encode() in content[start : start + 2880] else -1
        card = f"{key:8}= {value}".ljust(80).encode()
        at = at if at >= 0 else content.index(b"END" + b" " * 77, start) - 80
        place.write_bytes(content[:at] + card + content[at + 80 :])

    return make


def _with_holes(good: Path, place: Path) -> None:
    place.write_bytes(good.read_bytes())
    with open(place, "r+b") as file:
        file.truncate(10 * 2**30)


def _cut(share: float) -> Callable[[Path, Path], None]:
    def make(good: Path, place: Path) -> None:
        content = good.read_bytes()
        place.write_bytes(content[: int(share * len(content))])

    return make


def _appended(good: Path, place: Path, more: bytes) -> None:
    place.write_bytes(good.read_bytes() + more)


# Flipped bits


def flip_damages(seed: int, count: int) -> Iterator[Damage]:
    """Files in which one to a hundred bits are flipped, mostly where the structure is: headers and the WCS's text."""
    for number in range(count):
        yield Damage("flipped bits", f"seed {seed}, file {number}", _flipped(seed * 10_000 + number), EITHER)


def _flipped(seed: int) -> Callable[[Path, Path], None]:
    def make(good: Path, place: Path) -> None:
        rng = random.Random(seed)
        content = bytearray(good.read_bytes())
        with fits.open(good) as hdus:
            infos = [h.fileinfo() for h in hdus]
        headers = [(i["hdrLoc"], i["datLoc"]) for i in infos]
        text = infos[-1]["datLoc"]
        places = [*headers, (text, text + 130_000), (text + 130_000, len(content))]
        low, high = rng.choice(places)
        for _ in range(rng.choice((1, 1, 3, 10, 100))):
            content[rng.randrange(low, high)] ^= 1 << rng.randrange(8)
        place.write_bytes(content)

    return make
