from __future__ import annotations

import math
import os
import random
import tomllib
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest

from atm_viewer.engine.errors import InputError
from atm_viewer.engine.recipe import Recipe, SliceOverride, load_recipe
from atm_viewer.engine.regular_file import MOST_BYTES
from atm_viewer.session.edits.scope import Scope
from atm_viewer.session.edits.variants import Variant, Variants
from atm_viewer.session.persistence.session_file import (
    VERSION,
    dump_session,
    is_session,
    load_session,
    parse_session,
)
from atm_viewer.session.spectrum.settings import KERNELS, SpectrumSettings
from atm_viewer.session.spectrum.units import AXES, FLUX_UNITS
from atm_viewer.session.state.open_exposure import Mark
from atm_viewer.session.state.places import MOST, Place, Places
from atm_viewer.session.state.saved_session import SavedExposure, SavedLook, SavedReference, SavedSession

FILES = Path(__file__).parent / "files"
HEAD = 'kind = "atm-viewer session"\nversion = 1\n'
FOLDER = Path("/home/somebody/sessions")


def any_state(seed: int) -> SavedSession:
    """A session of any kind: every field takes many values."""
    dice = random.Random(seed)

    def some(most: int) -> range:
        return range(dice.randint(0, most))

    def word() -> str:
        return "".join(dice.choice("abc xyz_-\"'\\#[]{}=\n\tα″é漢🙂") for _ in range(dice.randint(1, 12)))

    def number(highest: float = math.inf) -> float:
        return min(dice.choice([0.1, -5.0, 1e-30, 1e30, 3.0, dice.random(), dice.uniform(-1e3, 1e3)]), highest)

    def pair(low: float, high: float) -> tuple[float, float]:
        a, b = sorted((dice.uniform(low, high), dice.uniform(low, high)))
        return a, b

    def override(number_of_slice: int) -> SliceOverride:
        values = {
            "fit_threshold": number(1e9),
            "slope_limit": number(1.0),
            "window": dice.randint(1, 2048),
            "breakpoints": dice.randint(4, 400),
            "use": tuple(pair(-2, 2) for _ in some(3)),
            "wavelengths": pair(4.9, 28.0),
        }
        chosen = {k: v for k, v in values.items() if dice.random() < 0.5} or {"window": 30}
        return SliceOverride(number_of_slice, dice.choice([None, word()]), **chosen)

    def recipe() -> Recipe:
        overrides = tuple(override(101 + i) for i in some(6))
        return Recipe(dice.randint(1, 10), number(1e9), number(1.0), dice.random() < 0.3, overrides)

    def exposure(index: int) -> SavedExposure:
        folder = dice.choice(
            ["/home/somebody/data", "/home/somebody/sessions", "/home/somebody/sessions/a/b", "/x y/z"]
        )
        mark = Mark(dice.randint(0, 2**40), f"{dice.getrandbits(96):x}") if dice.random() < 0.7 else None
        return SavedExposure((f"{folder}/{index}é_cal.fits",), mark, dice.random() < 0.7, dice.random() < 0.3)

    def value(depth: int = 0):
        kinds = [number, word, lambda: dice.random() < 0.5, lambda: dice.randint(-9, 9), str]
        if depth < 2:
            kinds += [lambda: [value(depth + 1) for _ in some(3)], lambda: {word(): value(depth + 1) for _ in some(3)}]
        return dice.choice(kinds)()

    names = sorted(dice.sample("ABCDEFGH", dice.randint(1, 4)))
    variants = tuple(Variant(name, recipe(), dice.choice(["", "lower threshold", word()])) for name in names)
    look = SavedLook(
        dice.choice(["", "ch1-short", "g235m-f170lp"]),
        *(dice.choice([(0, 0), (112, 512), (3, 0)])),
        dice.choice(list(Scope)),
    )
    numbers = sorted(dice.sample(range(1, MOST + 1), dice.randint(0, MOST)))
    places = tuple(Place(n, dice.uniform(0, 360), dice.uniform(-90, 90), dice.uniform(0.01, 5)) for n in numbers)
    spectrum = SpectrumSettings(
        unit=dice.choice(list(FLUX_UNITS)),
        axis=dice.choice(list(AXES)),
        line=dice.choice(["", word()]),
        redshift=dice.uniform(-0.5, 8),
        families=tuple(word() for _ in some(3)),
        errors=dice.random() < 0.5,
        reference=dice.choice(["aperture", "before", "variant:B"]),
        kernel=dice.choice(KERNELS),
        region=dice.choice([None, pair(5, 28)]),
    )
    zone = timezone(timedelta(minutes=dice.choice([-570, 0, 60, 345])))
    views = {word().strip() or "v": {word(): value() for _ in range(2)} for _ in some(3)}
    return SavedSession(
        tuple(exposure(i) for i in some(5)),
        look,
        Variants(variants, dice.choice(names)),
        Places(places, dice.choice(numbers) if numbers else 0),
        spectrum,
        views,
        {"atm-viewer": "0.1.0", "jwst": "3.0.0"} if dice.random() < 0.5 else {},
        datetime(2026, dice.randint(1, 12), 24, 13, dice.randint(0, 59), 5, tzinfo=zone)
        if dice.random() < 0.8
        else None,
        "/home/somebody/star.toml" if dice.random() < 0.3 else "",
        tuple(SavedReference(n, (path(dice, n),), dice.random() < 0.7) for n in range(1, dice.randint(1, 5))),
    )


def path(dice, number) -> str:
    return dice.choice(["/data/", "/home/somebody/sessions/data/"]) + f"other-{number}_s3d.fits"


def test_impossible_references_are_refused():
    head = 'kind = "atm-viewer session"\nversion = 1\n'
    for text, why in (
        ("[[reference]]\nnumber = 9\npath = 'a_s3d.fits'", "number of a reference"),
        ("[[reference]]\nnumber = 1", "path in"),
        ("[[reference]]\nnumber = 1\npath = 'a'\n[[reference]]\nnumber = 1\npath = 'b'", "listed twice"),
        ("[reference]\nnumber = 1", "two brackets"),
    ):
        with pytest.raises(InputError, match=why):
            parse_session(head + text)


@pytest.mark.parametrize("seed", range(60))
def test_what_is_written_is_read_back(seed, tmp_path):
    state = any_state(seed)
    for folder in (FOLDER, None):
        text = dump_session(state, folder)
        assert parse_session(text, "mine.toml", folder) == state
    path = tmp_path / "mine.toml"
    path.write_text(dump_session(state, tmp_path), encoding="utf-8", newline="\n")
    again = load_session(path)
    assert [e.path for e in again.exposures] == [e.path for e in state.exposures]
    assert [(r.number, r.places[0], r.shown) for r in again.references] == [
        (r.number, r.places[0], r.shown) for r in state.references
    ]
    assert replace(again, exposures=(), references=()) == replace(state, exposures=(), references=())


def test_the_simplest_session_says_little():
    text = dump_session(SavedSession())
    assert parse_session(text) == SavedSession()
    assert set(tomllib.loads(text)) == {"kind", "version", "variant"}


def test_paths_are_relative_within_a_tree_and_absolute_beyond():
    def written(path: str, folder: Path | None) -> dict:
        document = tomllib.loads(dump_session(SavedSession((SavedExposure((path,)),)), folder))
        return document["exposure"][0]

    assert written("/home/somebody/data/a_cal.fits", FOLDER) == {
        "path": "../data/a_cal.fits",
        "was": "/home/somebody/data/a_cal.fits",
    }
    assert written("/home/somebody/sessions/a_cal.fits", FOLDER)["path"] == "a_cal.fits"
    assert written("/data/a_cal.fits", FOLDER) == {"path": "/data/a_cal.fits"}
    assert written("/home/somebody/data/a_cal.fits", None) == {"path": "/home/somebody/data/a_cal.fits"}


def test_a_folder_that_was_moved_is_found_where_it_is_now():
    text = dump_session(SavedSession((SavedExposure(("/home/somebody/data/a_cal.fits",)),)), FOLDER)
    (exposure,) = parse_session(text, folder=Path("/mnt/copy/sessions")).exposures
    assert exposure.places == ("/mnt/copy/data/a_cal.fits", "/home/somebody/data/a_cal.fits")


# Files of earlier versions: these must open for ever, so they are never edited. A new version adds one.


def test_every_version_so_far_has_a_file():
    assert sorted(p.name for p in FILES.iterdir()) == [f"version-{v}.toml" for v in range(VERSION + 1)]


def test_a_session_of_version_1_opens():
    state = load_session(FILES / "version-1.toml")
    first, second = state.exposures
    name = "jw09999-star_00001_mirifushort_cal.fits"
    assert first == SavedExposure((str(FILES / "data" / name), f"/home/somebody/data/{name}"), Mark(12, "a3f1"))
    assert second == SavedExposure(("/elsewhere/jw09999-star_00002_mirifushort_cal.fits",), included=False, chosen=True)
    assert state.look == SavedLook("ch2-short", 203, 40, Scope.SLICE)
    assert state.places == Places((Place(1, 83.8, -5.4, 0.65), Place(3, 83.8001, -5.4001, 0.65)), 3)
    assert state.spectrum == SpectrumSettings(
        unit="Jy", axis="velocity", line="H2 0-0 S(5)", redshift=0.0017, families=("H I", "H2"), region=(6.5, 7.5)
    )
    override = SliceOverride(
        203,
        "jw09999-star_00002_mirifushort",
        fit_threshold=3.0,
        use=((-0.9, 0.4), (1.0, 1.5)),
        wavelengths=(7.6, 8.0),
    )
    lower = Variant("C", Recipe(2, 4.5, 0.05, False, (override,)), "lower threshold")
    assert state.variants == Variants((Variant("A", Recipe()), lower), "C")
    assert state.views == {
        "detector": {"layer": "DQ", "stretch": "log", "x": [100.0, 300.0], "y": [-0.5, 511.5]},
    }
    assert state.versions == {"atm-viewer": "0.1.0", "jwst": "3.0.0"}
    assert state.saved == datetime(2026, 11, 24, 12, 5, tzinfo=UTC)


def test_a_recipe_is_a_session_of_version_0():
    path = FILES / "version-0.toml"
    assert not is_session(path.read_text())
    state = load_session(path)
    assert state == SavedSession(variants=Variants((Variant("A", load_recipe(path)),)))
    assert state.variants.recipe.overrides == (SliceOverride(112, use=((-0.9, 0.4),)),)


def test_sessions_are_told_from_recipes_even_when_they_are_damaged():
    assert is_session(dump_session(SavedSession()))
    assert is_session('kind = "atm-viewer session"\nversion = 1\n[[exposure')
    assert not is_session("version = 1\n[global]\n")
    assert not is_session('# kind = "atm-viewer session"\nversion = 1')


# What cannot be read


PLACE = "[[place]]\nnumber = 1\nra = 83.8\ndec = -5.4\nradius = 0.65\n"
EXPOSURE = '[[exposure]]\npath = "a_cal.fits"\n'
RECIPE = "recipe = {version = 1}\n"


@pytest.mark.parametrize(
    ("text", "part"),
    [
        ("exposures = 3", "unknown key 'exposures' at the top"),
        ("[saved", "not valid TOML"),
        ("a = " + "[" * 5000, "not valid TOML"),
        ("[saved]\ntime = 3", "time in [saved] must be a date with a time"),
        ("[saved]\ntime = 2026-11-24", "time in [saved] must be a date with a time"),
        ("[saved]\njwst = 3.0", "jwst in [saved] must be text"),
        ("saved = 3", "[saved] must be a table"),
        ('exposure = "a_cal.fits"', "[[exposure]], with two brackets"),
        ("[exposure]\npath = 'a'", "[[exposure]], with two brackets"),
        ("exposure = [3]", "[[exposure]] must be a table"),
        ("[[exposure]]", "has no path"),
        ("[[exposure]]\npath = 3", "path of an exposure must be text"),
        ('[[exposure]]\npath = ""', "path of an exposure must be text"),
        ('[[exposure]]\npath = "a\\u0000b"', "path of an exposure must be text"),
        (EXPOSURE + "was = 3", "was of an exposure must be text"),
        (EXPOSURE + 'size = -1\ndigest = "a"', "size of an exposure must be a whole number"),
        (EXPOSURE + "size = 3", "digest of an exposure must be text"),
        (EXPOSURE + 'digest = "a"', "size of an exposure must be a whole number"),
        (EXPOSURE + "included = 1", "included of an exposure must be true or false"),
        (EXPOSURE + "colour = 1", "unknown key 'colour' in [[exposure]]"),
        (1001 * EXPOSURE, "lists 1001 exposures"),
        ("look = []", "[look] must be a table"),
        ("[look]\nslice = 1000", "slice in [look] must be a whole number from 0 to 999"),
        ("[look]\ncolumn = 1.5", "column in [look] must be a whole number"),
        ("[place]\nnumber = 1", "[[place]], with two brackets"),
        ("place = [3]", "[[place]] must be a table"),
        ("[[place]]\nra = 3.0", "number of a place must be a whole number from 1 to 6"),
        ("[[place]]\nnumber = 7", "number of a place must be a whole number from 1 to 6"),
        ("[[place]]\nnumber = 1\nra = 3.0", "dec of place 1 must be a finite number"),
        ("[[place]]\nnumber = 1\nra = nan", "ra of place 1 must be a finite number"),
        (PLACE.replace("-5.4", "91"), "must be a position on the sky"),
        (PLACE.replace("0.65", "0"), "radius of place 1 must be above zero"),
        (PLACE + "active = 1", "active of place 1 must be true or false"),
        (PLACE + "colour = 1", "unknown key 'colour' in [[place]]"),
        (2 * PLACE, "place 1 is listed twice"),
        ("spectrum = 3", "[spectrum] must be a table"),
        ('[spectrum]\ncolour = "red"', "unknown key 'colour' in [spectrum]"),
        ('[spectrum]\nunit = "bananas"', "unit in [spectrum] cannot be 'bananas'"),
        ("[spectrum]\nredshift = -2", "redshift in [spectrum] cannot be -2"),
        ("[spectrum]\nregion = [3.0, 2.0]", "region in [spectrum] cannot be [3.0, 2.0]"),
        ("[spectrum]\nunit = [[3]]", "unit in [spectrum] cannot be [[3]]"),
        ("[look]\nband = 3", "band in [look] must be text"),
        ("[look]\nonly_this = 0", "only_this in [look] must be true or false"),
        ("[look]\nscope = 'mine'", "scope in [look] must be 'place' or 'number' or 'band' or 'slice'"),
        ("[look]\nzoom = 3", "unknown key 'zoom' in [look]"),
        ("[variant]", "[[variant]], with two brackets"),
        ("variant = []", "[[variant]], with two brackets"),
        ("[[variant]]\n" + RECIPE, "names of variants must be different letters"),
        ('[[variant]]\nname = "Z"\n' + RECIPE, "names of variants must be different letters, A to H"),
        (2 * ('[[variant]]\nname = "A"\n' + RECIPE), "names of variants must be different letters"),
        ('[[variant]]\nname = ["A"]\n' + RECIPE, "names of variants must be different letters"),
        ('[[variant]]\nname = "A"', "[variant.recipe] must be a table"),
        ('[[variant]]\nname = "A"\nrecipe = {version = 2}', "this program reads version = 1"),
        (
            '[[variant]]\nname = "A"\nrecipe = {version = 1, global = {oversample = 0}}',
            "oversample must be a number from 1 to 10",
        ),
        ('[[variant]]\nname = "A"\nlabel = 3\n' + RECIPE, "label of variant A must be text"),
        ('[[variant]]\nname = "A"\nactive = 3\n' + RECIPE, "active of variant A must be true or false"),
        ("views = 3", "[views] must be a table"),
        ("[views]\ndetector = 3", "[views.detector] must be a table"),
        ("[views.detector]\nx = [1.0, nan]", "views.detector.x must be a finite number"),
        ("[views.detector]\nx = 2026-11-24", "views.detector.x must be a finite number"),
        ("[views.detector]\nx = [[[[[[1]]]]]]", "views.detector.x has too many entries for a view"),
        ("[views.detector]\nx = [" + 1001 * "1," + "]", "views.detector.x has too many entries for a view"),
    ],
)
def test_everything_else_is_told_in_a_sentence(text, part):
    with pytest.raises(InputError) as refused:
        parse_session(HEAD + text, "mine.toml")
    sentence = str(refused.value)
    assert part in sentence
    assert "mine.toml" in sentence
    assert sentence.endswith(".")
    assert len(sentence) < 400


@pytest.mark.parametrize(
    ("text", "part"),
    [
        ('kind = "letter"\nversion = 1', "is not a session: its kind must be 'atm-viewer session', not 'letter'"),
        ('kind = "atm-viewer session"\nversion = 2', "newer ATM Viewer (version = 2; this one reads up to 1)"),
        ('kind = "atm-viewer session"\nversion = "1"', "version must be a whole number"),
        ('kind = "atm-viewer session"\nversion = -1', "version must be a whole number"),
        ("version = 7", "says version = 7"),
        ("", "says version = nothing"),
        ('title = "pyproject"', "unknown key 'title'"),
    ],
)
def test_other_files_and_versions_are_told(text, part):
    with pytest.raises(InputError, match=r"mine\.toml") as refused:
        parse_session(text, "mine.toml")
    assert part in str(refused.value)


def test_files_that_cannot_be_read_are_told(tmp_path):
    path = tmp_path / "mine.toml"
    with pytest.raises(InputError, match="cannot be read: No such file"):
        load_session(path)
    with pytest.raises(InputError, match="is a folder, not a file"):
        load_session(tmp_path)
    path.write_bytes(b"\x89PNG\xff")
    with pytest.raises(InputError, match="is not text"):
        load_session(path)
    with open(path, "wb") as file:
        file.truncate(MOST_BYTES + 1)
    with pytest.raises(InputError, match="too large for a session"):
        load_session(path)
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(InputError, match="is a pipe, not a file"):  # and not waited for
        load_session(tmp_path / "pipe")
