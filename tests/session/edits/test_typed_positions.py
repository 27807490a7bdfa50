"""Positions on the sky that people type."""

from __future__ import annotations

import pytest
from astropy.coordinates import SkyCoord

from atm_viewer.engine.errors import InputError
from atm_viewer.session.edits.typed_positions import hours_text, read_dec, read_position, read_ra, signed_text


@pytest.mark.parametrize(
    ("ra", "dec"),
    [
        ("10:44:59.88", "-59:40:47.7"),
        ("10h44m59.88s", "-59d40m47.7s"),
        ("10 44 59,88", "−59 40 47,7"),
        ("0:00:00.5", "-0:00:01"),
        ("161.2495", "-59.6799"),
        ("161,2495°", "+59,6799 deg"),
    ],
)
def test_positions_are_those_of_astropy(ra, dec):
    plain = [text.replace("−", "-").replace(",", ".").replace("deg", "").strip("°") for text in (ra, dec)]
    units = ("deg", "deg") if plain[0].startswith("161") else ("hourangle", "deg")
    expected = SkyCoord(*plain, unit=units)
    assert read_ra(ra) == pytest.approx(expected.ra.deg, abs=1e-10)
    assert read_dec(dec) == pytest.approx(expected.dec.deg, abs=1e-10)
    assert read_position(f"{ra} {dec}") == (read_ra(ra), read_dec(dec))
    assert read_position(f"{ra}, {dec}") == (read_ra(ra), read_dec(dec))


def test_what_is_written_is_read_back():
    for ra, dec in ((161.2495123, -59.6799123), (359.99999, -0.0000001), (0.0, 89.99999999)):
        assert read_ra(hours_text(ra)) == pytest.approx(ra, abs=1e-6)
        assert read_dec(signed_text(dec)) == pytest.approx(dec, abs=3e-7)


@pytest.mark.parametrize("text", ["", "north", "361", "-1", "10:61:00", "25:00:00", "10:44:59.88 -59:40:47"])
def test_what_is_no_right_ascension_is_said(text):
    with pytest.raises(InputError, match="RA must be"):
        read_ra(text)


@pytest.mark.parametrize("text", ["", "x", "91", "-90.1", "-59:40:60", "-59:40"])
def test_what_is_no_declination_is_said(text):
    with pytest.raises(InputError, match="Dec must be"):
        read_dec(text)


@pytest.mark.parametrize("text", ["161.2", "10:44:59.88", "10 44 59.88", "a b", "161.2 91"])
def test_a_single_number_is_no_position(text):
    assert read_position(text) is None
