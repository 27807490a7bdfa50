"""DS9 region files: what goes out comes back, and what a recipe cannot have is told in a sentence."""

from __future__ import annotations

from dataclasses import replace

import pytest

from atm_viewer.engine.errors import InputError
from atm_viewer.engine.io.region_files import read_ds9, write_ds9
from atm_viewer.engine.recipe import Circle, Ellipse, Polygon, Region

REGIONS = (
    Region("AGN", Circle(161.249507, -59.679921, 0.4), "spline", window=30),
    Region("ring-é", Ellipse(161.249507, -59.679921, (0.5, 0.25), 30.0), "interpolate", wavelengths=(4.9, 5.6)),
    Region("arc", Polygon(((161.25, -59.68), (161.2501, -59.68), (161.25, -59.6799))), residual="none"),
)


def test_what_is_written_is_read_back():
    text = write_ds9(REGIONS)
    assert text.splitlines()[1] == "icrs"
    assert "text={AGN}" in text
    assert read_ds9(text, "r.reg", "interpolate") == REGIONS


def test_labels_become_names_and_what_is_not_said_is_given():
    text = (
        '# Region file format: DS9\nglobal color=green\nfk5\ncircle(10:45:00.0,-59:40:48.0,0.4") # text={my star}\n'
        'circle(161.25,-59.68,0.2") # text={my star} tag={Group 1}\n'
        'ellipse(161.25,-59.68,0.5",0.2",120)\n'
    )
    found = read_ds9(text, "r.reg", "spline")
    assert [r.name for r in found] == ["my star", "my star 2", "ellipse 3"]
    assert [r.use for r in found] == ["spline"] * 3
    assert found[0].shape == Circle(pytest.approx(161.25, abs=2e-5), pytest.approx(-59.68, abs=2e-5), 0.4)
    assert found[2].shape.radii == (0.5, 0.2)
    assert found[2].shape.angle == pytest.approx(30.0, abs=1e-3)


def test_an_angle_in_another_system_is_turned_to_icrs():
    from astropy.coordinates import SkyCoord

    centre = SkyCoord(161.25, -59.68, unit="deg")
    text = write_ds9([replace(REGIONS[1], shape=Ellipse(161.25, -59.68, (0.5, 0.25), 30.0))])
    galactic = centre.galactic
    north = centre.directional_offset_by(30 * _deg(), 1e-3 * _deg()).galactic
    angle = galactic.position_angle(north).deg + 90.0
    text = f'galactic\nellipse({galactic.l.deg:.10f},{galactic.b.deg:.10f},0.5",0.25",{angle:.8f})'
    [found] = read_ds9(text, "r.reg")
    assert (found.shape.ra, found.shape.dec) == pytest.approx((161.25, -59.68))
    assert found.shape.angle == pytest.approx(30.0, abs=1e-3)


def _deg():
    from astropy import units

    return units.deg


@pytest.mark.parametrize(
    ("text", "part"),
    [
        ("", "r.reg contains no region; save regions from DS9 in format ds9."),
        (
            'icrs\nbox(1,2,3",4",0)',
            "r.reg, region 1, is of the kind rectangle; a recipe takes circles, ellipses and polygons only.",
        ),
        (
            "icrs\npoint(1,2)",
            "r.reg, region 1, is of the kind point; a recipe takes circles, ellipses and polygons only.",
        ),
        (
            "image\ncircle(1,2,3)",
            "r.reg, region 1, is given in pixels of an image; save it from DS9 in system wcs, icrs.",
        ),
        (
            'icrs\n-circle(1,2,3")',
            "r.reg, region 1, excludes its area (-circle), which regions of a recipe do not; delete the sign.",
        ),
        ("hello", 'r.reg cannot be read as a DS9 region file: "hello" frame or shape is not'),
        ("icrs\ncircle(1,2)", "r.reg cannot be read as a DS9 region file:"),
        ('circle(1,2,3")', "r.reg cannot be read as a DS9 region file: A coordinate frame was not found"),
        (
            "icrs\ncircle(1,2,3)",
            "r.reg, region 'circle 1': a radius must be above 0 and at most 3600 arcsec, not 10800.",
        ),
        (
            'icrs\ncircle(1,2,3") # text={a} tag={use = "no"}',
            "r.reg, region 'a': use must be 'spline' or 'interpolate', not 'no'.",
        ),
    ],
)
def test_everything_else_is_told_in_a_sentence(text, part):
    with pytest.raises(InputError) as refused:
        read_ds9(text, "r.reg")
    assert part in str(refused.value)
    assert str(refused.value).endswith(".")
