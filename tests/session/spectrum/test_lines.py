"""The list of lines: right wavelengths, and files that are no line lists are told."""

from __future__ import annotations

import re

import pytest

from atm_viewer.engine.errors import InputError
from atm_viewer.session.spectrum.lines import line_list, read_lines

RYDBERG = 10.973731568157  # 1/um, for an infinitely heavy nucleus
SERIES = {"Pa": 3, "Br": 4, "Pf": 5, "Hu": 6}


def rydberg(lower: int, upper: int, charge: int, mass: float) -> float:
    """Wavelength in vacuum [um]; the nucleus's mass in electron masses."""
    return (1 + 1 / mass) / (RYDBERG * charge**2 * (lower**-2 - upper**-2))


def levels(name: str) -> tuple[int, int]:
    """Lower and upper level that the name of a hydrogen line tells."""
    if pair := re.search(r"(\d+)-(\d+)$", name):
        return int(pair[2]), int(pair[1])
    lower = next((n for start, n in SERIES.items() if name.startswith(start)), 1 if name.startswith("Ly") else 2)
    return lower, lower + 1 + "αβγδε".index(name[-1])


def test_hydrogen_obeys_rydbergs_formula():
    found = [line for line in line_list().lines if line.family == "H I"]
    assert {levels(line.name)[0] for line in found} == {1, 2, 3, 4, 5, 6, 7, 8, 9}
    for line in found:
        assert line.wavelength == pytest.approx(rydberg(*levels(line.name), 1, 1836.152673), rel=1e-6), line.name


def test_ionised_helium_obeys_rydbergs_formula():
    found = [line for line in line_list().lines if line.name.startswith("He II ")]
    assert len(found) > 4
    for line in found:
        assert line.wavelength == pytest.approx(rydberg(*levels(line.name), 2, 7294.2995), rel=1e-6), line.name


def test_molecular_hydrogen_closes_its_triangles():
    """Lines that share levels: S(J) = Q(J+2) + 0-0 S(J), and S(J) = O(J+4) + 0-0 S(J) + 0-0 S(J+2), in wave numbers."""
    number = {line.name: 1e4 / line.wavelength for line in line_list().lines}
    for j in range(4):
        level = number[f"H2 1-0 S({j})"]
        assert number[f"H2 1-0 Q({j + 2})"] + number[f"H2 0-0 S({j})"] == pytest.approx(level, abs=0.15)
        steps = number[f"H2 0-0 S({j})"] + number[f"H2 0-0 S({j + 2})"]
        assert number[f"H2 1-0 O({j + 4})"] + steps == pytest.approx(level, abs=0.15)


@pytest.mark.parametrize(
    ("name", "wavelength"),
    [
        ("Br α", 4.05226),
        ("Pa α", 1.87561),
        ("Hu α", 12.37190),
        ("H2 0-0 S(1)", 17.03485),
        ("H2 1-0 S(1)", 2.12183),
        ("[Ne II] 12.81", 12.81355),
        ("[Fe II] 5.34", 5.34017),
        ("[Ar VI] 4.53", 4.5295),
        ("CO 2-0 head", 2.2935),
        ("CO 1-0 R(0)", 4.6575),
        ("CO 1-0 P(8)", 4.7359),
        ("He I 1.0833", 1.08333),
    ],
)
def test_lines_that_everybody_knows(name, wavelength):
    assert line_list().find(name).wavelength == pytest.approx(wavelength, rel=2e-5)


def test_names_with_a_wavelength_tell_the_right_one():
    told = [line for line in line_list().lines if line.family in ("forbidden", "PAH")]
    assert len(told) > 60
    for line in told:
        number = line.name.split()[-1]
        decimals = len(number.partition(".")[2])
        assert float(number) == pytest.approx(line.wavelength, abs=0.06 if line.width else 0.51 * 10**-decimals)


def test_lines_in_a_range_follow_the_redshift():
    lines = line_list()
    assert lines.families == ("forbidden", "H I", "He", "H2", "CO", "PAH", "ice")
    here = {line.name for line in lines.between(4.9, 5.74, 0.0, ["H I", "forbidden", "H2"])}
    assert {"Hu δ", "[Fe II] 5.34", "H2 0-0 S(7)", "H2 0-0 S(8)"} <= here
    assert not here & {"[Mg IV] 4.49", "PAH 5.27"}
    there = {line.name for line in lines.between(4.9, 5.74, 0.2, ["forbidden"])}
    assert "[Mg IV] 4.49" in there
    assert "[Fe II] 5.34" not in there
    # a band is there as long as a part of it is
    assert [b.name for b in lines.between(5.34, 5.35, 0.0, ["PAH"])] == ["PAH 5.27"]
    assert lines.between(4.9, 5.74, 0.0, []) == []


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("[x", "cannot be read"),
        ("x = 3", "no lines in [x]"),
        ("[x]\nlines = 3", "no lines in [x]"),
        ("[x]\nlines = [['a', -1.0]]", "invalid entry"),
        ("[x]\nlines = [['a', nan]]", "invalid entry"),
        ("[x]\nlines = [['a', 1.0], ['a', 2.0]]", "invalid entry"),
        ("[x]\nlines = [['a', 'b']]", "invalid entry"),
        ("[x]\nlines = [['', 1.0]]", "invalid entry"),
        ("[x]\nlines = ['a']", "invalid entry"),
    ],
)
def test_what_is_no_line_list_is_told(tmp_path, text, word):
    path = tmp_path / "lines.toml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(InputError) as told:
        read_lines(path)
    assert word in str(told.value)
    assert str(path) in str(told.value)


def test_a_list_that_is_not_there_is_told(tmp_path):
    with pytest.raises(InputError, match="cannot be read"):
        read_lines(tmp_path / "none.toml")
