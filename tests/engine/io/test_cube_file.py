"""Cubes are read as the engine made them, whatever their grid, and compared with the definitions of the window."""

from __future__ import annotations

import gzip

import numpy as np
import pytest
from astropy.io import fits
from astropy.table import Table
from astropy.wcs import WCS

from atm_viewer import cli
from atm_viewer.engine.errors import InputError
from atm_viewer.engine.extraction import Extraction
from atm_viewer.engine.io.cube_file import read_cube
from atm_viewer.engine.output.products import write_cubes
from atm_viewer.engine.progress import no_progress
from atm_viewer.engine.recipe import CubeOptions, Recipe
from atm_viewer.engine.service.bench import Bench

RECIPE = Recipe(oversample=2)


@pytest.fixture(scope="module")
def cubes(demo_files, tmp_path_factory):
    """Before and after correction, and a turned one of the exposures as they are with larger spaxels."""
    folder, files = tmp_path_factory.mktemp("cubes"), demo_files("nirspec")[:2]
    before, after = write_cubes(files, RECIPE, folder, "star")
    turned = Recipe(cube=CubeOptions(cube_pa=30.0, scalexy=0.12))
    (other,) = write_cubes(files, turned, folder, "turned", "before")
    return before, after, other


def test_places_are_those_of_the_header(cubes):
    for path in cubes:
        cube = read_cube(path)
        wcs = WCS(fits.getheader(path, "SCI")).celestial
        for x, y in ((3, 5), (20, 11)):
            ra, dec = wcs.wcs_pix2world(x, y, 0)
            assert cube.position(x, y) == pytest.approx((float(ra), float(dec)), abs=1e-9)
            assert cube.spaxel_at(float(ra), float(dec)) == (x, y)
    assert cube.spaxel_at(0.0, 0.0) is None


def test_compressed_cubes_are_read(cubes, tmp_path):
    packed = tmp_path / "star_s3d.fits.gz"
    packed.write_bytes(gzip.compress(cubes[0].read_bytes(), 1))
    np.testing.assert_array_equal(read_cube(packed).flux, read_cube(cubes[0]).flux)


def test_a_table_of_cubes_has_the_numbers_of_the_window(cubes, demo_files, tmp_path, capsys):
    out = tmp_path / "t.ecsv"
    assert cli.run(["compare", *map(str, cubes), "--count", "3", "--radius", "0.5", "-o", str(out)]) == 0
    told = capsys.readouterr().out
    assert told.count("median noise") == 3
    table = Table.read(out)
    assert len(table) == 9
    bench = Bench()
    views = bench.open(demo_files("nirspec")[:2], no_progress).exposures
    keys = tuple(v.key for v in views)
    for rank in (1, 2, 3):
        first, second, third = table[table["place"] == rank]
        spectra = bench.spectra(
            Extraction(keys, RECIPE, views[0].bands[0], first["ra"], first["dec"], 0.5), no_progress
        )
        assert spectra.spaxel == (first["x"], first["y"]) == (second["x"], second["y"])
        assert first["noise"] == pytest.approx(100 * spectra.noise_before, rel=1e-4)
        assert second["noise"] == pytest.approx(100 * spectra.noise_after, rel=1e-4)
        assert first["flux_ratio"] == 1.0
        assert second["flux_ratio"] == pytest.approx(1.0, abs=0.05)
        assert third["flux_ratio"] == pytest.approx(1.0, abs=0.1)
        assert third["noise"] > 0
    bench.close(keys)
    assert cli.run(["compare", str(cubes[0]), "-o", str(out)]) == 1
    assert "exists" in capsys.readouterr().err


def test_what_is_no_cube_is_refused(demo_files, tmp_path):
    with pytest.raises(InputError, match="holds no cube; give an s3d file"):
        read_cube(demo_files("miri")[0])
    (tmp_path / "x.fits").write_text("nothing")
    with pytest.raises(InputError, match=r"x.fits cannot be read as a cube"):
        read_cube(tmp_path / "x.fits")
    fits.PrimaryHDU(np.zeros((4, 5, 6))).writeto(tmp_path / "y.fits")
    with pytest.raises(InputError, match=r"y.fits has axes , , ; give a cube on the sky"):
        read_cube(tmp_path / "y.fits")
