"""Cubes are read as the engine made them, whatever their grid, and compared with the definitions of the window."""

from __future__ import annotations

import gzip
import shutil
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest
from astropy.io import fits
from astropy.table import Table
from astropy.wcs import WCS

from atm_viewer import cli
from atm_viewer.engine.errors import InputError
from atm_viewer.engine.extraction import Extraction
from atm_viewer.engine.output.products import write_cubes
from atm_viewer.engine.output.spectrum_files import write_spectra
from atm_viewer.engine.progress import no_progress
from atm_viewer.engine.recipe import CubeOptions, Recipe
from atm_viewer.engine.references.cube_file import read_cube
from atm_viewer.engine.references.spectra import brightness_factor, describe, read_reference, reference_spectrum
from atm_viewer.engine.results.references import EXTRACTED
from atm_viewer.engine.service.bench import Bench
from atm_viewer.engine.service.measuring import measure_field
from atm_viewer.engine.service.remedy_place import RemedyPlace
from atm_viewer.jobs.requests.references import MakeReferenceSpectrum, OpenReferences

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
    with pytest.raises(InputError, match=r"x.fits is not a FITS file; open an s3d file"):
        read_cube(tmp_path / "x.fits")
    fits.PrimaryHDU(np.zeros((4, 5, 6))).writeto(tmp_path / "y.fits")
    with pytest.raises(InputError, match=r"y.fits has axes , , ; give a cube on the sky"):
        read_cube(tmp_path / "y.fits")


@pytest.fixture(scope="module")
def bench(demo_files):
    made = Bench()
    made.open(demo_files("nirspec")[:2], no_progress)
    return made


def test_the_spectrum_at_a_place_is_that_of_the_exposures(cubes, bench, demo_files):
    """At any position, not at the centres of spaxels only; an aperture is about the position in every cube."""
    keys = tuple(str(path.resolve()) for path in demo_files("nirspec")[:2])
    (band,) = bench.opened(keys)[0].exposure.bands
    ra, dec = read_cube(cubes[0]).position(20, 11)
    ra, dec = ra + 0.021 / 3600, dec - 0.035 / 3600
    made = bench.spectra(Extraction(keys, RECIPE, band, ra, dec, 0.4), no_progress)
    for path, name in zip(cubes[:2], ("before", "after"), strict=True):
        found = reference_spectrum(str(path), bench.reference(str(path)), ra, dec, 0.4)
        assert found.spaxel == made.spaxel
        assert (found.ra, found.dec) == pytest.approx((made.ra, made.dec), abs=1e-9)
        for mine, theirs in ((found.flux, name), (found.flux_err, f"{name}_err"), (found.aperture, f"aperture_{name}")):
            np.testing.assert_allclose(mine, getattr(made, theirs), rtol=2e-5)
        np.testing.assert_allclose(found.aperture_err, getattr(made, f"aperture_{name}_err"), rtol=2e-5)
        assert found.noise == pytest.approx(getattr(made, f"noise_{name}"), rel=1e-4)
    outside = reference_spectrum(str(cubes[0]), bench.reference(str(cubes[0])), ra + 1.0, dec, 0.4)
    assert outside.outside
    assert np.isnan(outside.flux).all()
    assert np.isnan(outside.noise)


def test_the_noise_map_of_a_cube_is_that_of_the_exposures_it_was_made_of(cubes, bench, demo_files):
    keys = tuple(str(path.resolve()) for path in demo_files("nirspec")[:2])
    (band,) = bench.opened(keys)[0].exposure.bands
    paths = {"R1": str(cubes[0]), "R2": str(cubes[1])}
    noise = measure_field(bench, keys, RECIPE, band, 0.5, no_progress, 0.3, paths)
    known = np.isfinite(noise.before)
    assert known.sum() > 3
    np.testing.assert_allclose(noise.cubes["R1"][known], noise.before[known], rtol=1e-3)
    np.testing.assert_allclose(noise.cubes["R2"][known], noise.after[known], rtol=1e-3)
    assert np.isnan(noise.cubes["R1"][~known]).all()


def test_ranked_spaxels_of_a_cube_stand_beside_those_of_the_exposures_it_was_made_of(cubes, bench, demo_files):
    keys = tuple(str(path.resolve()) for path in demo_files("nirspec")[:2])
    (band,) = bench.opened(keys)[0].exposure.bands
    place = bench.sky_image(keys, band, no_progress).peak
    wanted = Extraction(keys, RECIPE, band, *place, 0.4)
    others = (("before.fits", str(cubes[0])), ("after.fits", str(cubes[1])))
    found = RemedyPlace(bench, wanted, 3, no_progress).ranked((1, 3), False, others)
    assert [plot.title for plot in found.plots][2:] == ["before.fits", "after.fits"]
    assert [plot.column for plot in found.plots] == [0, 1, 2, 3]
    assert found.columns[-2:] == ("before.fits [%]", "after.fits [%]")
    for row in found.rows:
        assert row[-2:] == pytest.approx(row[3:5], rel=0.01)
    for ours, theirs in zip(found.plots[:2], found.plots[2:], strict=True):
        for curve, other in zip(ours.curves, theirs.curves, strict=True):
            assert (curve.label, curve.role) == (other.label, other.role)
            np.testing.assert_allclose(curve.y, other.y, atol=0.01)
    elsewhere = replace(wanted, ra=place[0] + 0.2 / 3600)
    found = RemedyPlace(bench, elsewhere, 3, no_progress).ranked((1,), False, (("x", str(cubes[0])),))
    assert found.settings["references"] == [str(cubes[0])]


def test_the_image_is_on_the_grid_of_the_exposures(cubes, bench, demo_files):
    keys = tuple(str(path.resolve()) for path in demo_files("nirspec")[:2])
    (band,) = bench.opened(keys)[0].exposure.bands
    field = bench.sky_image(keys, band, no_progress)
    cube = read_cube(cubes[0])
    middle = float(cube.wavelength[100])
    image = bench.reference_image(str(cubes[0]), keys, band, middle, 5)
    own = bench.sky_image(keys, band, no_progress, None, middle, 5)
    np.testing.assert_allclose(image.image, own.image, rtol=1e-4, equal_nan=True)
    turned = bench.reference_image(str(cubes[2]), keys, band)  # another grid: the source is where it is
    assert turned.image.shape == field.image.shape
    y, x = np.unravel_index(np.nanargmax(turned.image), turned.image.shape)
    assert np.hypot(*np.subtract(field.offsets(*turned.peak), field.offsets(*field.peak))) < 0.15
    assert turned.image[y, x] > 0


def test_a_request_looks_where_a_session_was_saved_and_reads_a_changed_file_again(cubes, bench, tmp_path):
    backends, quiet = SimpleNamespace(bench=bench), lambda *_: None
    copy = tmp_path / "copy_s3d.fits"
    shutil.copy(cubes[0], copy)
    found = OpenReferences((str(tmp_path / "gone_s3d.fits"),), (str(copy),)).answer(backends, quiet)
    assert [file.path for file in found.files] == [str(copy)]
    assert found.problems == ()
    bad = OpenReferences((str(tmp_path / "gone_s3d.fits"),)).answer(backends, quiet)
    assert bad.files == ()
    assert "There is no file" in bad.problems[0]
    ra, dec = read_cube(copy).position(20, 11)
    request = MakeReferenceSpectrum(str(copy), "R1", ra, dec, 0.3)
    first = request.answer(backends, quiet)
    with fits.open(copy, mode="update") as hdus:
        hdus["SCI"].data *= 2
        hdus["SCI"].header["HISTORY"] = "doubled"
    np.testing.assert_allclose(request.answer(backends, quiet).flux, 2 * first.flux)


def test_a_packed_cube_in_another_unit_is_the_same(cubes, tmp_path):
    with fits.open(cubes[0]) as hdus:
        expected = read_reference(cubes[0])
        hdus["SCI"].data = expected.flux * np.float32(1e6 * expected.solid_angle)
        hdus["SCI"].header["BUNIT"] = "Jy/pixel"
        hdus.writeto(tmp_path / "jansky_s3d.fits")
    with open(tmp_path / "jansky_s3d.fits", "rb") as plain, gzip.open(tmp_path / "packed_s3d.fits.gz", "wb") as packed:
        shutil.copyfileobj(plain, packed)
    read = read_reference(tmp_path / "packed_s3d.fits.gz")
    ra, dec = read.position(20, 11)
    mine, theirs = (reference_spectrum("x", one, ra, dec, 0.3) for one in (read, expected))
    assert (describe("x", read).unit, mine.unit) == ("MJy/sr", "MJy/sr")
    np.testing.assert_allclose(mine.flux, theirs.flux, rtol=1e-5)
    np.testing.assert_allclose(mine.aperture, theirs.aperture, rtol=1e-5)


@pytest.mark.parametrize("unit", ["DN/s", "", "furlong", "MJy"])
def test_units_that_are_no_brightness_are_kept(unit):
    factor = brightness_factor(unit, np.array([5.0, 6.0]), 4e-13)
    assert (factor is None) == (unit != "MJy")


def extracted(path, *waves, unit="Jy", bright=True):
    """Write extracted spectra as the pipeline does, a table for each band."""
    hdus = [fits.PrimaryHDU()]
    for wave in waves:
        table = Table({"WAVELENGTH": wave, "FLUX": wave * 2.0, "FLUX_ERROR": wave * 0.1})
        if bright:
            table["SURF_BRIGHT"], table["SB_ERROR"] = wave * 100.0, wave
        for name, one in (("WAVELENGTH", "um"), ("FLUX", unit), ("FLUX_ERROR", unit)):
            table[name].unit = one
        hdus.append(fits.BinTableHDU(table, name="EXTRACT1D"))
    fits.HDUList(hdus).writeto(path)
    return path


def test_extracted_spectra_of_several_bands(tmp_path):
    bands = np.linspace(7.5, 8.5, 11), np.linspace(4.9, 5.7, 9)
    path = extracted(tmp_path / "star_x1d.fits", *bands, unit="mJy")
    read = read_reference(path)
    about = describe(str(path), read)
    assert about.kind == EXTRACTED
    assert np.allclose(about.ranges, [(4.9, 5.7), (7.5, 8.5)])
    assert about.overlaps(5.5, 7.0)
    assert not about.overlaps(5.8, 7.0)
    found = reference_spectrum(str(path), read, 0.0, 0.0, 1.0)
    assert found.wavelength.size == 9 + 1 + 11
    assert np.isnan(found.aperture[9])  # so that no line is drawn from band to band
    np.testing.assert_allclose(np.delete(found.aperture, 9), np.delete(found.wavelength, 9) * 2e-3)
    np.testing.assert_allclose(found.flux[:9], found.wavelength[:9] * 100.0)
    (table,) = write_spectra([], [], tmp_path, ["r.ecsv"], references=[found])
    assert Table.read(table).colnames == ["wavelength", "flux", "flux_err", "brightness", "brightness_err"]


def test_what_is_no_extracted_spectrum_is_refused(cubes, tmp_path):
    shutil.copy(cubes[0], tmp_path / "cube_x1d.fits")
    with pytest.raises(InputError, match=r"cube_x1d.fits holds no extracted spectrum; give an x1d file"):
        read_reference(tmp_path / "cube_x1d.fits")
    with pytest.raises(InputError, match=r"star_x1d.fits has flux in count s-1, which is no flux density"):
        read_reference(extracted(tmp_path / "star_x1d.fits", np.linspace(1, 2, 5), unit="ct / s"))
