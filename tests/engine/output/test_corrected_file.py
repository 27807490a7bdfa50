"""Corrected exposures that are written without their datamodels equal those that are written with them."""

from __future__ import annotations

import warnings
from pathlib import Path

import numpy as np
import pytest
from astropy.io import fits

from atm_viewer.demo import demo_exposures
from atm_viewer.engine.io import exposure as exposure_module
from atm_viewer.engine.output import products
from atm_viewer.engine.output.corrected_file import match_invalid
from atm_viewer.engine.output.products import write_exposures
from atm_viewer.engine.output.tree_text import UnchangeableError
from atm_viewer.engine.recipe import Recipe
from tests.engine.output.test_products import cards


def first(instrument: str) -> Path:
    """An exposure of the demo."""
    return min(demo_exposures(instrument).parent.glob("*_cal.fits"))


def refuse(*args, **kwargs):
    """Stand in for a way that must not, or cannot, be taken."""
    raise UnchangeableError("this is a test")


def write_both(path: Path, recipe: Recipe, folder: Path, monkeypatch) -> list[Path]:
    """Write an exposure without its datamodel, and with it."""
    with monkeypatch.context() as patch:
        patch.setattr(exposure_module, "_open_model", refuse)
        (ours,) = write_exposures([path], recipe, folder / "file")
    with monkeypatch.context() as patch:
        patch.setattr(products, "write_corrected", refuse)
        (theirs,) = write_exposures([path], recipe, folder / "model")
    return [ours, theirs]


@pytest.mark.parametrize(
    ("instrument", "oversample", "extras"), [("miri", 1, {}), ("miri", 1.5, {}), ("nirspec", 2, {"PATHLOSS_UN": "SCI"})]
)
def test_a_file_equals_that_of_its_datamodel(instrument, oversample, extras, tmp_path, monkeypatch):
    source = tmp_path / first(instrument).name
    with fits.open(first(instrument)) as hdus:
        for name, like in extras.items():
            hdus.append(fits.ImageHDU(hdus[like].data, name=name))
        hdus.append(fits.ImageHDU(np.eye(3), name="MINE"))
        hdus[0].header["MYWORD"] = (7, "of the user")
        hdus[0].header["HISTORY"] = "observed"
        hdus.writeto(source)
    ours, theirs = write_both(source, Recipe(oversample, fit_threshold=200.0), tmp_path, monkeypatch)
    with fits.open(ours) as mine, fits.open(theirs) as wanted:
        assert sorted(hdu.name for hdu in mine) == sorted(hdu.name for hdu in wanted)
        assert not {"PATHLOSS_UN"} & {hdu.name for hdu in mine}
        for hdu in mine:
            # The datamodel puts keywords that it does not know at the end.
            assert sorted(map(str, cards(hdu))) == sorted(map(str, cards(wanted[hdu.name])))
            if hdu.name not in ("PRIMARY", "ASDF"):
                np.testing.assert_array_equal(hdu.data, wanted[hdu.name].data, err_msg=hdu.name)
    same_models(ours, theirs)


def same_models(ours: Path, theirs: Path) -> None:
    """Compare metadata and WCS, as the pipeline reads them."""
    from stdatamodels.jwst import datamodels

    with warnings.catch_warnings(), datamodels.open(ours) as mine, datamodels.open(theirs) as wanted:
        warnings.simplefilter("ignore")
        known, wanted_known = (
            {
                key: value
                for key, value in model.to_flat_dict(include_arrays=False).items()
                if key not in ("meta.date", "_fits_hash", "meta.wcs") and "extra_fits" not in key
            }
            for model in (mine, wanted)
        )
        assert known == wanted_known
        assert mine.meta.wcs.available_frames == wanted.meta.wcs.available_frames
        assert str(mine.meta.wcs.bounding_box) == str(wanted.meta.wcs.bounding_box)
        boxes = []
        for model in (mine, wanted):
            slices = model.meta.wcs.pipeline[-3 if model.meta.wcs.available_frames[0] == "detector" else 1].transform
            boxes.append([str(t.bounding_box) for t in getattr(slices, "selector", {}).values() if has_box(t)])
        assert boxes[0] == boxes[1]
        y, x = np.mgrid[: mine.data.shape[0] : 7, : mine.data.shape[1] : 5]
        for one, other in zip(mine.meta.wcs(x, y), wanted.meta.wcs(x, y), strict=True):
            np.testing.assert_array_equal(one, other)
            assert np.isfinite(one).sum() > 1000


def has_box(transform) -> bool:
    """Whether a transform has a bounding box."""
    try:
        return transform.bounding_box is not None
    except NotImplementedError:
        return False


def test_a_file_that_is_laid_out_otherwise_goes_through_its_datamodel(tmp_path):
    source = tmp_path / first("miri").name
    with fits.open(first("miri")) as hdus:
        header = hdus[0].header
        title = next(k for k, card in enumerate(header.cards) if str(card.value).startswith("Calibration step"))
        del header[title]
        hdus.writeto(source)
    (written,) = write_exposures([source], Recipe(2, fit_threshold=200.0), tmp_path / "out")
    with fits.open(written) as hdus:
        assert hdus[0].header["S_TRCMOD"] == "COMPLETE"
        assert "Calibration step information" in map(str, (card.value for card in hdus[0].header.cards))


def test_invalid_pixels_are_so_in_all_arrays():
    nan = np.nan
    arrays = {
        "data": np.array([1.0, nan, 1, 1, 1]),
        "err": np.array([1.0, 1, nan, 1, 1]),
        "var_flat": np.array([1.0, 1, 1, nan, 1]),
        "dq": np.array([4, 4, 0, 0, 1], dtype=np.uint32),
        "trace_model": np.ones(5),
    }
    match_invalid(arrays)
    for name in ("data", "err", "var_flat"):
        np.testing.assert_array_equal(arrays[name], [1, nan, nan, nan, nan])
    assert arrays["dq"].tolist() == [4, 5, 1, 1, 1]
    assert np.isfinite(arrays["trace_model"]).all()
