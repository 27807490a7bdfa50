"""Products say what was done that the pipeline cannot do, and nothing when nothing was."""

from __future__ import annotations

import pytest
from astropy.io import fits

from atm_viewer.engine.output.provenance import Provenance, append_provenance, history_lines, read_provenance
from atm_viewer.engine.recipe import Circle, Recipe, Region, SliceOverride

BEYOND = Recipe(reach="slice", overrides=(SliceOverride(308, peak_cut="source", residual="none"),))


@pytest.mark.parametrize(
    ("recipe", "applied", "marked"), [(BEYOND, True, True), (BEYOND, False, False), (Recipe(), True, False)]
)
def test_what_goes_beyond_the_pipeline_is_marked(recipe, applied, marked, tmp_path):
    provenance = Provenance(recipe, applied, {"atm-viewer": "1.0"})
    history = history_lines(provenance, ["jw1"])
    lines = [line for line in history if "beyond the pipeline's adaptive_trace_model" in line]
    assert len(lines) == marked
    if marked:
        assert lines[0].endswith('reach = "slice", peak_cut = "source" (slice 308), residual = "none" (slice 308)')
    path = tmp_path / "product.fits"
    fits.PrimaryHDU().writeto(path)
    append_provenance(path, provenance)
    assert fits.getheader(path, "ATM_RECIPE")["BEYOND"] is marked
    assert read_provenance(path).recipe == recipe


def test_regions_are_marked_as_beyond_the_pipeline(tmp_path):
    recipe = Recipe(regions=(Region("noyau é", Circle(161.25, -59.68, 0.4), "spline", window=30),))
    provenance = Provenance(recipe, True, {"atm-viewer": "1.0"})
    [line] = [line for line in history_lines(provenance, ["jw1"]) if "beyond the pipeline's" in line]
    assert line.endswith('region "noyau \\U000000E9" (use = "spline", window = 30)')
    path = tmp_path / "product.fits"
    fits.PrimaryHDU().writeto(path)
    append_provenance(path, provenance)
    assert fits.getheader(path, "ATM_RECIPE")["BEYOND"] is True
    assert read_provenance(path).recipe == recipe
