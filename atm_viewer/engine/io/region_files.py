"""Regions of a recipe as DS9 region files, in and out."""

from __future__ import annotations

import json
import tomllib
import warnings
from collections.abc import Sequence
from typing import Any

from atm_viewer.engine.errors import MOST_OF_VALUE, InputError, one_line
from atm_viewer.engine.recipe import OF_REGION, Circle, Polygon, Recipe, Region, read_region

#: Digits after the point of degrees, and of arcseconds, that are kept when a file is read: a millionth of an arcsecond.
_DEGREES, _ARCSECONDS = 10, 6


def write_ds9(regions: Sequence[Region]) -> str:
    """Write regions as the text of a DS9 region file.

    Parameters
    ----------
    regions : sequence of Region
        Their names become labels (``text``); what they say, tags, such as ``tag={use = "spline"}``, which DS9 keeps.

    Returns
    -------
    str
        In ICRS.
    """
    from regions import Regions

    return str(Regions([_as_astropy(region) for region in regions]).serialize(format="ds9", precision=13))


def read_ds9(text: str, name: str, use: str | None = None) -> tuple[Region, ...]:
    """Read regions from the text of a DS9 region file.

    Parameters
    ----------
    text : str
        The text.
    name : str
        Stands for the file in messages.
    use : str or None
        What regions do whose tags say nothing, see `Region`.

    Returns
    -------
    tuple of Region
        Labels are their names; where two have the same, or one has none, a number makes the difference.

    Raises
    ------
    InputError
        Something in the file is no region, or one that a recipe cannot have.
    """
    from regions import Regions

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            found = list(Regions.parse(text, format="ds9"))
    except Exception as error:  # of many kinds, and warnings on lines that are left out
        reason = one_line(str(error).removesuffix(", skipping."), 200)
        raise InputError(f"{name} cannot be read as a DS9 region file: {reason}.") from error
    if not found:
        raise InputError(f"{name} contains no region; save regions from DS9 in format ds9.")
    named = Recipe()
    for k, one in enumerate(found, 1):
        entry = _entry(one, f"{name}, region {k}")
        label = one_line(one.meta.get("text") or one.meta.get("label") or "").strip()
        entry["name"] = named.free_name(label[: MOST_OF_VALUE - 5].strip() or f"{entry['shape']} {k}")
        stated = _tags(one.meta.get("tag")) or ({"use": use} if use is not None else {})
        named = named.with_region(read_region(entry | stated, name))
    return named.regions


def _tags(tags: Any) -> dict[str, Any]:
    """Values in the tags of a region; what others write there is left out."""
    values: dict[str, Any] = {}
    for tag in [tags] if isinstance(tags, str) else tags or []:
        try:
            values |= tomllib.loads(str(tag))
        except tomllib.TOMLDecodeError:
            continue
    return {key: value for key, value in values.items() if key in ("use", *OF_REGION)}


def _entry(region: Any, what: str) -> dict[str, Any]:
    """Shape of a region as the recipe's file has it."""
    from regions import CircleSkyRegion, EllipseSkyRegion, PixelRegion, PolygonSkyRegion

    if isinstance(region, PixelRegion):
        raise InputError(f"{what}, is given in pixels of an image; save it from DS9 in system wcs, icrs.")
    kind = type(region).__name__.removesuffix("Region").removesuffix("Sky").lower()
    if not isinstance(region, CircleSkyRegion | EllipseSkyRegion | PolygonSkyRegion):
        raise InputError(f"{what}, is of the kind {kind}; a recipe takes circles, ellipses and polygons only.")
    if not region.meta.get("include", 1):
        raise InputError(f"{what}, excludes its area (-{kind}), which regions of a recipe do not; delete the sign.")
    if isinstance(region, PolygonSkyRegion):
        places = region.vertices.icrs
        return {"shape": kind, "vertices": [list(_place(one)) for one in places]}
    ra, dec = _place(region.center.icrs)
    entry = {"shape": kind, "ra": ra, "dec": dec}
    if isinstance(region, CircleSkyRegion):
        return entry | {"radius": _arcsec(region.radius)}
    return entry | {"radii": [_arcsec(region.width / 2), _arcsec(region.height / 2)], "angle": _position_angle(region)}


def _place(position: Any) -> tuple[float, float]:
    return round(float(position.ra.deg), _DEGREES), round(float(position.dec.deg), _DEGREES)


def _arcsec(size: Any) -> float:
    return round(float(size.to_value("arcsec")), _ARCSECONDS)


def _position_angle(ellipse: Any) -> float:
    """Position angle of the first axis in ICRS [deg]; DS9 counts from west, in the file's own system."""
    from astropy import units as u

    angle = ellipse.angle - 90.0 * u.deg
    if ellipse.center.frame.name != "icrs":
        end = ellipse.center.directional_offset_by(angle, 1.0 * u.arcmin)
        angle = ellipse.center.icrs.position_angle(end.icrs)
    return round(float(angle.to_value("deg")) % 360.0, _ARCSECONDS)


def _as_astropy(region: Region) -> Any:
    from astropy import units as u
    from astropy.coordinates import SkyCoord
    from regions import CircleSkyRegion, EllipseSkyRegion, PolygonSkyRegion, RegionMeta

    stated = ({"use": region.use} if region.use is not None else {}) | region.values()
    # A closing brace would end the label.
    meta = RegionMeta({"text": region.name.replace("{", "(").replace("}", ")")})
    if stated:
        meta["tag"] = [f"{key} = {json.dumps(value)}" for key, value in stated.items()]
    shape = region.shape
    if isinstance(shape, Polygon):
        ra, dec = map(list, zip(*shape.vertices, strict=True))
        return PolygonSkyRegion(SkyCoord(ra, dec, unit="deg"), meta=meta)
    centre = SkyCoord(shape.ra, shape.dec, unit="deg")
    if isinstance(shape, Circle):
        return CircleSkyRegion(centre, shape.radius * u.arcsec, meta=meta)
    width, height = (2.0 * radius * u.arcsec for radius in shape.radii)
    return EllipseSkyRegion(centre, width, height, (shape.angle + 90.0) % 360.0 * u.deg, meta=meta)
