"""The public interface in Python, and the notebook that shows it."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import atm_viewer
from tests.engine.conftest import demo_files  # noqa: F401  a fixture

NOTEBOOK = Path(__file__).parents[1] / "resources/notebooks/tuned-spaxel.ipynb"


@pytest.fixture
def exposures(demo_files):  # noqa: F811
    with atm_viewer.open_exposures(*demo_files("miri")[:2]) as opened:
        yield opened


def test_names_are_few_and_importing_them_is_light():
    assert len(atm_viewer.__all__) <= 10
    assert set(atm_viewer.__all__) <= set(dir(atm_viewer))
    heavy = {"numpy", "astropy", "numba", "jwst", "specutils", "PyQt6"}
    code = "import sys, atm_viewer; print(*sys.modules)"
    loaded = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True).stdout.split()
    assert not heavy & set(loaded)
    with pytest.raises(AttributeError, match="no attribute 'tune'"):
        atm_viewer.tune  # noqa: B018


def test_types_are_those_of_the_names():
    stub = (Path(atm_viewer.__file__).parent / "__init__.pyi").read_text(encoding="utf-8")
    for name in atm_viewer.__all__:
        assert f"import {name} as {name}\n" in stub
        assert getattr(atm_viewer, name).__doc__


def test_a_spectrum_equals_the_cubes(exposures, tmp_path):
    from astropy.io import fits
    from astropy.wcs import WCS

    recipe = atm_viewer.Recipe(oversample=2, fit_threshold=5.0)
    band = exposures.bands[0]
    row = exposures.metrics(recipe, band=band, count=1)[0]
    pair = exposures.spectrum(row["ra"], row["dec"], recipe, band=band)
    written = exposures.write_cubes(tmp_path, recipe, product="star", bands=[band])
    assert [path.name for path in written] == [f"star_{band}_s3d.fits", f"star-atm_{band}_s3d.fits"]
    for spectrum, path in zip(pair, written, strict=True):
        with fits.open(path) as hdus:
            cube, wcs = hdus["SCI"].data, WCS(hdus["SCI"].header).celestial
        x, y = (int(np.rint(v)) for v in wcs.world_to_pixel_values(row["ra"], row["dec"]))
        flux = spectrum.flux.value
        known = np.isfinite(flux) & (cube[:, y, x] != 0)
        assert known.sum() > 500
        np.testing.assert_allclose(flux[known], cube[known, y, x], rtol=1e-5)
        assert (str(spectrum.flux.unit), str(spectrum.spectral_axis.unit)) == ("MJy / sr", "um")
        assert spectrum.uncertainty.array.shape == flux.shape
    assert any("fit_threshold = 5.0" in line for line in pair.after.meta["comments"])


def test_an_aperture_is_a_sum_in_jansky(exposures):
    row = exposures.metrics(count=1)[0]
    pair = exposures.spectrum(row["ra"], row["dec"], radius=0.5)
    assert str(pair.after.flux.unit) == "Jy"
    assert np.nanmedian(pair.after.flux.value) > 0


def test_what_is_not_there_is_said(exposures, tmp_path):
    assert len(exposures) == 2
    assert "2 exposures, bands" in repr(exposures)
    for ask, sentence in (
        (lambda: exposures.spectrum(0.0, 0.0, band="ch9-long"), "No exposure has the band ch9-long; there are"),
        (lambda: exposures.spectrum(0.0, 0.0, radius=-1.0), "must not be negative"),
        (lambda: exposures.profile("x", 101, 5), "There is no exposure x; there are"),
        (lambda: exposures.profile(exposures.names[0], 999, 5), "choose another"),
        (lambda: atm_viewer.open_exposures(), "There is nothing to open"),
        (lambda: atm_viewer.open_exposures(tmp_path / "no_cal.fits"), "There is no file"),
    ):
        with pytest.raises(atm_viewer.InputError, match=sentence):
            ask()


def test_progress_is_told(demo_files):  # noqa: F811
    told = []
    with atm_viewer.open_exposures(demo_files("miri")[0], progress=lambda step, part: told.append((step, part))):
        pass
    assert told
    assert all(0.0 <= part <= 1.0 for _, part in told)


def test_the_notebook_runs(demo_files, tmp_path, monkeypatch):  # noqa: F811
    import matplotlib as mpl

    mpl.use("Agg")
    (tmp_path / "exposures").mkdir()
    for path in demo_files("miri")[:2]:
        (tmp_path / "exposures" / Path(path).name).symlink_to(path)
    monkeypatch.chdir(tmp_path)
    cells = json.loads(NOTEBOOK.read_text(encoding="utf-8"))["cells"]
    names: dict = {}
    for cell in cells:
        if cell["cell_type"] == "code":
            assert cell["outputs"] == []
            exec("".join(cell["source"]), names)
    import matplotlib.pyplot as plt

    plt.close("all")
    assert [path.name for path in names["cubes"]][1].endswith("_s3d.fits")
    assert (tmp_path / "spaxel.pdf").stat().st_size > 10_000
    assert atm_viewer.load_recipe("tuned.toml") == names["recipe"]
