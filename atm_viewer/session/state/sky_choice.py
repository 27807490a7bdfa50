"""Which sky images are shown: before and after, or two variants, and in white light or planes."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

from atm_viewer.engine.results.sky_image import SkyImage
from atm_viewer.jobs.requests.base import Request
from atm_viewer.jobs.requests.previews import MakeSkyImage
from atm_viewer.jobs.requests.references import MakeReferenceImage
from atm_viewer.session.edits.variants import Variants

#: Name of the image before correction, where others have the names of variants.
BEFORE = "before"

#: Ways to show two images: one of them, both in turn, both side by side, or what differs.
FIRST, SECOND, BLINK, SWIPE, DIFFERENCE, RATIO = MODES = ("first", "second", "blink", "swipe", "difference", "ratio")

#: Numbers of planes that an image can be the mean of; 0 stands for white light.
PLANES = (0, 1, 5, 21)


@dataclass(frozen=True)
class SkyChoice:
    """What is shown of the field.

    Parameters
    ----------
    mode : str
        One of `MODES`.
    first : str
        `BEFORE`, or the name of a variant or a cube from elsewhere.
    second : str
        Name of a variant or a cube from elsewhere, `BEFORE`, or empty for the active variant, whichever that is.
    planes : int
        Mean of so many planes of the cube about the chosen column's wavelength; 0 for white light.
    """

    mode: str = FIRST
    first: str = BEFORE
    second: str = ""
    planes: int = 0

    def sides(self, variants: Variants, cubes: Collection[str] = ()) -> tuple[str, str]:
        """Names of both images; what no longer exists gives way to before, or to the active variant.

        ``cubes`` are the names of cubes from elsewhere.
        """
        known = {*variants.names, *cubes, BEFORE}
        return self.first if self.first in known else BEFORE, self.second if self.second in known else variants.active

    def seen(self, variants: Variants, cubes: Collection[str] = ()) -> tuple[str, ...]:
        """Names of the images that the mode shows."""
        first, second = self.sides(variants, cubes)
        return {FIRST: (first,), SECOND: (second,)}.get(self.mode, (first, second))


@dataclass(frozen=True, eq=False)
class ShownSky:
    """Images of the field, as the window shows them.

    Parameters
    ----------
    choice : SkyChoice
        How they are shown.
    sides : (str, str)
        Names of both images.
    white : SkyImage or None
        The field before correction in white light, for orientation.
    before : SkyImage or None
        Before correction in the light of the images: it sets the levels of all.
    images : mapping of str to SkyImage
        Those that are there, by name.
    cubes : mapping of str to str
        Names of cubes from elsewhere that can be chosen, and their titles.
    """

    choice: SkyChoice = SkyChoice()
    sides: tuple[str, str] = (BEFORE, "A")
    white: SkyImage | None = None
    before: SkyImage | None = None
    images: Mapping[str, SkyImage] = field(default_factory=dict)
    cubes: Mapping[str, str] = field(default_factory=dict)


def wanted_images(
    choice: SkyChoice,
    variants: Variants,
    keys: tuple[str, ...],
    band: str,
    wavelength: float | None,
    cubes: Mapping[str, str],
) -> list[Request[SkyImage]]:
    """Ask for what a choice shows.

    Parameters
    ----------
    choice : SkyChoice
        What is to be shown.
    variants : Variants
        All recipes.
    keys : tuple of str
        Exposures.
    band : str
        Their band.
    wavelength : float or None
        That of the chosen column [um].
    cubes : mapping of str to str
        Paths of cubes from elsewhere by their names.

    Returns
    -------
    list of Request
        Each shown as `BEFORE` or the name of a variant or a cube. White light before correction is left out, since it
        is there anyway.
    """
    cube = variants.recipe.cube
    centre, planes = (wavelength, choice.planes) if choice.planes and wavelength is not None else (None, 1)
    wanted: list[Request[SkyImage]] = []
    for name in dict.fromkeys((BEFORE, *choice.seen(variants, cubes))):
        if name in cubes:
            wanted.append(MakeReferenceImage(cubes[name], keys, band, centre, planes, name, cube))
            continue
        recipe = None if name == BEFORE else variants[name].recipe
        if recipe is not None or centre is not None:
            wanted.append(MakeSkyImage(keys, band, recipe, centre, planes, name, cube))
    return wanted
