"""Names of exposures and products."""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from itertools import takewhile
from pathlib import Path

#: What a correction is made of, by the names of the pipeline's files (``save_intermediate_results``): splines wherever
#: there are some, and where they are used; flux by linear interpolation; what splines leave of the flux, interpolated.
STEPS = ("spline_full", "spline_used", "linear_interp", "spline_residual")


_SUFFIX = re.compile(r"_(cal|crf)$")
_PROGRAMME = re.compile(r"jw\d{5}")


def exposure_name(path: str | os.PathLike[str]) -> str:
    """File name without ending (``.fits``, ``.fits.gz``) and ``_cal``/``_crf``."""
    name = Path(path).name
    return _SUFFIX.sub("", Path(name.removesuffix(".gz")).stem)


def intermediate_names(exposures: Sequence[str], oversample: float) -> list[str]:
    """Names of the files of `STEPS` of some exposures; without oversampling nothing is interpolated."""
    steps = STEPS if oversample > 1 else STEPS[:2]
    return [f"{name}_{step}.fits" for name in exposures for step in steps]


def product_name(names: Sequence[str]) -> str:
    """Name of the product made from some exposures: what their names begin with, cut at an underscore.

    Parameters
    ----------
    names : sequence of str
        Names of the exposures, see `exposure_name`.

    Returns
    -------
    str
        The whole name of a single exposure. Where they have no beginning in common, the programme's name (jw01234) if
        they are all of one, else the first name.
    """
    if not names:
        return "atm-viewer"
    parts = [name.split("_") for name in names]
    common = [column[0] for column in takewhile(lambda column: len(set(column)) == 1, zip(*parts, strict=False))]
    if common:
        return "_".join(common)
    programmes = {found.group() if (found := _PROGRAMME.match(name)) else "" for name in names}
    return programmes.pop() if len(programmes) == 1 and "" not in programmes else names[0]
