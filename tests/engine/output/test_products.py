"""Products: equal to what the pipeline writes, with their recipe inside, and whole or not there at all."""

from __future__ import annotations

import json
import os
import resource
import shutil
import signal
import sys
import warnings
from functools import partial
from pathlib import Path

import numpy as np
import pytest
from astropy.io import fits

from atm_viewer.demo import demo_exposures
from atm_viewer.engine.errors import Cancelled, InputError, OutputError
from atm_viewer.engine.io.exposure import open_exposure
from atm_viewer.engine.io.setting import bands_of, group_exposures
from atm_viewer.engine.output import products
from atm_viewer.engine.output.corrected_model import corrected_model, oversampled_wcs
from atm_viewer.engine.output.products import write_cubes, write_exposures
from atm_viewer.engine.output.provenance import read_provenance
from atm_viewer.engine.progress import opened_in
from atm_viewer.engine.recipe import Recipe, SliceOverride
from atm_viewer.engine.trace.oversample import Corrected
from atm_viewer.resources import resource as shipped

CHECKOUT = Path(__file__).resolve().parents[3]
RECIPE = Recipe(oversample=2, fit_threshold=1e9, overrides=(SliceOverride(112, "né", use=((-0.9, 0.4),)),))


def exposures(instrument: str) -> list[Path]:
    """Exposures of the demo, made on first use."""
    return sorted(demo_exposures(instrument).parent.glob("*_cal.fits"))


@pytest.fixture(scope="module")
def written(tmp_path_factory) -> Path:
    """One corrected exposure."""
    return write_exposures(exposures("miri")[:1], RECIPE, tmp_path_factory.mktemp("written"))[0]


@pytest.fixture(scope="module")
def cubepar(tmp_path_factory) -> Path:
    """MIRI's cube parameters with twenty times longer wavelength steps: cubes are made in a moment."""
    return coarse_cubepar("miri", tmp_path_factory.mktemp("cubepar"))


def coarse_cubepar(instrument: str, folder: Path) -> Path:
    """An instrument's cube parameters with twenty times longer wavelength steps."""
    path = folder / "coarse.fits"
    with fits.open(shipped(f"cubepar/{instrument}_cubepar.fits")) as hdus:
        hdus["CUBEPAR"].data["spectralstep"] *= 20
        hdus.writeto(path)
    return path


# Equality with the pipeline


@pytest.mark.parametrize("instrument", ["miri", "nirspec"])
def test_the_datamodel_is_the_pipelines(instrument, monkeypatch):
    from jwst.adaptive_trace_model import trace_model
    from stdatamodels.jwst import datamodels

    # Fits and interpolation take a minute and are compared elsewhere; here it is what follows them.
    monkeypatch.setattr(trace_model, "fit_all_regions", lambda *args, **kwargs: {})
    monkeypatch.setattr(trace_model, "oversample_flux", fake_oversample_flux)
    monkeypatch.setattr(trace_model, "linear_oversample", lambda array, *args, **kwargs: np.repeat(array, 2, axis=0))
    with (
        warnings.catch_warnings(),
        datamodels.open(exposures(instrument)[0]) as theirs,
        datamodels.open(exposures(instrument)[0]) as ours,
    ):
        warnings.simplefilter("ignore")
        for model in (theirs, ours):
            model.area = np.ones_like(model.data)
            model.pathloss_point = np.ones_like(model.data)
        trace_model.fit_and_oversample(theirs, oversample_factor=2.0, fit_threshold=0.0)
        corrected = Corrected(
            oversample=2,
            sci=theirs.data,
            err=theirs.err,
            var_poisson=theirs.var_poisson,
            var_rnoise=theirs.var_rnoise,
            var_flat=theirs.var_flat,
            dq=theirs.dq,
            wavelength=theirs.wavelength,
            regions=theirs.regions,
            trace=theirs.trace_model,
        )
        assert corrected_model(ours, corrected) is ours
        assert ours.meta.cal_step.adaptive_trace_model == "COMPLETE"
        arrays = ("data", "dq", "err", "var_poisson", "var_rnoise", "var_flat", "wavelength", "regions", "area")
        for name in (*arrays, "trace_model", "pathloss_point"):
            assert ours.hasattr(name) == theirs.hasattr(name), name
            if theirs.hasattr(name):
                np.testing.assert_array_equal(getattr(ours, name), getattr(theirs, name), err_msg=name)
        for name in ("pixelarea_steradians", "pixelarea_arcsecsq"):
            assert getattr(ours.meta.photometry, name) == getattr(theirs.meta.photometry, name)
        assert_same_world(ours, theirs)


def fake_oversample_flux(flux, alpha, regions, splines, factor, *args, **kwargs):
    """Repeat pixels, with a pixel filled in where there was none."""
    fine = np.repeat(flux, 2, axis=0)
    fine[np.argwhere(np.isnan(fine))[0]] = 1.0
    return tuple(fine.copy() for _ in range(5))


def assert_same_world(ours, theirs) -> None:
    """Compare the WCS everywhere, slice by slice in NIRSpec."""
    from jwst.assign_wcs.nirspec import nrs_ifu_wcs

    assert ours.meta.wcs.available_frames == theirs.meta.wcs.available_frames
    y, x = np.mgrid[: theirs.data.shape[0] : 7, : theirs.data.shape[1] : 7]
    if theirs.meta.instrument.name == "MIRI":
        pairs = [(ours.meta.wcs, theirs.meta.wcs)]
    else:
        pairs = list(zip(nrs_ifu_wcs(ours), nrs_ifu_wcs(theirs), strict=True))
    finite = 0
    for our, their in pairs:
        assert (our.bounding_box is None) == (their.bounding_box is None)
        if our.bounding_box is not None:
            assert str(our.bounding_box) == str(their.bounding_box)
        for mine, wanted in zip(our(x, y), their(x, y), strict=True):
            np.testing.assert_allclose(mine, wanted, rtol=0, atol=1e-12)
            finite += np.isfinite(wanted).sum()
    assert finite > 1000


def test_a_wcs_by_slice_is_updated_as_the_pipeline_does():
    """This style takes the slice's number as a third input."""
    from astropy.modeling.models import Identity, Scale, Shift
    from jwst.adaptive_trace_model.trace_model import _update_wcs_nrs_ifu

    factor = 3
    there = Identity(1) & (Scale(1 / factor) | Shift(-(factor - 1) / (factor * 2)))
    theirs = _update_wcs_nrs_ifu(wcs_by_slice(), there)
    ours = oversampled_wcs(wcs_by_slice(), factor)
    assert ours.available_frames == theirs.available_frames
    y, x = np.mgrid[:90, :40]
    for number in range(30):
        for k in (0, 1):
            assert ours.bounding_box[number][k] == pytest.approx(tuple(theirs.bounding_box[number][k]), abs=1e-12)
        wanted = theirs(x, y, number)
        assert np.isfinite(wanted[0]).any()
        for mine, their in zip(ours(x, y, number), wanted, strict=True):
            np.testing.assert_allclose(mine, their, rtol=0, atol=1e-12)


def wcs_by_slice():
    import gwcs
    from astropy import coordinates
    from astropy.modeling import bind_compound_bounding_box
    from astropy.modeling.models import Identity, Polynomial1D
    from gwcs.coordinate_frames import CelestialFrame, Frame2D

    sky = Polynomial1D(2, c0=83.0, c1=1e-5, c2=1e-9) & Polynomial1D(2, c0=-69.0, c1=2e-5, c2=1e-9) & Identity(1)
    sky.inputs = ("x", "y", "name")
    sky.outputs = ("ra", "dec", "name")
    boxes = {n: ((-0.5, 30.5 + n), (n - 0.5, n + 9.5)) for n in range(30)}
    bind_compound_bounding_box(sky, boxes, selector_args=[("name", True)], order="F")
    world = CelestialFrame(name="world", reference_frame=coordinates.ICRS())
    return gwcs.WCS([(Frame2D(name="detector"), sky), (world, None)])


# What is written


def test_a_corrected_exposure_has_its_name_and_opens_again(written):
    from stdatamodels.jwst import datamodels

    assert written.name == "jw00000001001_02101_00001_mirifushort_atm.fits"
    assert [p.name for p in written.parent.iterdir()] == [written.name]
    with datamodels.open(written) as model:
        assert isinstance(model, datamodels.IFUImageModel)
        assert model.meta.filename == written.name
        assert model.meta.cal_step.adaptive_trace_model == "COMPLETE"
        assert model.trace_model.shape == model.data.shape
        assert model.meta.wcs.available_frames[0] == "coordinates"


def test_recipe_and_versions_travel_in_a_product(written):
    told = read_provenance(written)
    assert told.recipe == RECIPE
    assert told.applied
    assert set(told.versions) == {
        *("python", "atm-viewer", "jwst", "stdatamodels", "numpy", "scipy", "astropy", "numba"),
    }
    assert told.versions["python"] == sys.version.split()[0]
    header = fits.getheader(written)
    history = "".join(header["HISTORY"])
    for part in ("fit_threshold = 1000000000.0", f"numpy {np.__version__}", written.name[:-9], "model applied"):
        assert part in history
    with fits.open(written) as hdus:
        lines = list(hdus["ATM_RECIPE"].data["TOML"])
    assert "oversample = 2" in lines


def test_recipe_and_versions_survive_the_pipelines_own_saving(written, tmp_path):
    from stdatamodels.jwst import datamodels

    with datamodels.open(written) as model:
        model.save(tmp_path / "again.fits")
    assert read_provenance(tmp_path / "again.fits") == read_provenance(written)


def test_a_file_without_recipe_is_told(tmp_path):
    with pytest.raises(InputError, match="contains no recipe"):
        read_provenance(exposures("miri")[0])
    (tmp_path / "text.fits").write_text("text")
    with pytest.raises(InputError, match="cannot be read"):
        read_provenance(tmp_path / "text.fits")


def test_factor_1_leaves_the_pixels_alone(tmp_path):
    source = exposures("miri")[0]
    path = write_exposures([source], Recipe(oversample=1, fit_threshold=1e9), tmp_path)[0]
    with fits.open(path) as after, fits.open(source) as before:
        for name in ("SCI", "ERR", "DQ"):
            np.testing.assert_array_equal(after[name].data, before[name].data)
        assert "TRACEMODEL" in after


def test_intermediate_results_are_the_steps(tmp_path):
    from jwst.adaptive_trace_model import AdaptiveTraceModelStep

    source, arguments = exposures("miri")[0], {"fit_threshold": 700.0, "oversample": 1.5}
    for folder in ("ours", "theirs"):
        (tmp_path / folder).mkdir()
    step = AdaptiveTraceModelStep(save_intermediate_results=True, output_dir=str(tmp_path / "theirs"), **arguments)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        step.process(str(source)).close()  # not run(), which asks CRDS
    paths = write_exposures([source], Recipe(1.5, 700.0), tmp_path / "ours", save_intermediate_results=True)
    names = sorted(path.name for path in (tmp_path / "theirs").iterdir())
    assert len(names) == 4
    assert sorted(path.name for path in paths[1:]) == names
    for name in names:
        with fits.open(tmp_path / "ours" / name) as our, fits.open(tmp_path / "theirs" / name) as stock:
            assert [hdu.name for hdu in our if not hdu.name.startswith("ATM_")] == [hdu.name for hdu in stock]
            mine, wanted = our["SCI"].data, stock["SCI"].data
            assert cards(our["SCI"]) == cards(stock["SCI"])
            assert np.array_equal(np.isnan(mine), np.isnan(wanted))
            assert np.isfinite(wanted).any()
            assert np.nanmax(np.abs(mine.astype(float) - wanted)) <= 1e-6 * np.nanmax(np.abs(wanted))


@pytest.mark.parametrize(
    ("instrument", "count", "recipe"), [("miri", 2, Recipe(1.5, fit_threshold=200.0)), ("nirspec", 1, RECIPE)]
)
def test_cubes_by_our_drizzle_are_the_pipelines(instrument, count, recipe, tmp_path):
    from stdatamodels.jwst import datamodels

    chosen, path = exposures(instrument)[:count], coarse_cubepar(instrument, tmp_path)
    ours, theirs = (
        write_cubes(chosen, recipe, tmp_path / engine, "star", cubepar=path, engine=engine)
        for engine in ("own", "pipeline")
    )
    assert len(ours) == (4 if instrument == "miri" else 2)
    for mine, their in zip(ours, theirs, strict=True):
        assert mine.name == their.name
        with fits.open(mine) as our, fits.open(their) as stock:
            assert [hdu.name for hdu in our] == [hdu.name for hdu in stock]
            for one, other in zip(our, stock, strict=True):
                assert cards(one) == cards(other)
                if one.name in ("SCI", "ERR"):
                    assert np.array_equal(np.isnan(one.data), np.isnan(other.data))
                    difference = np.abs(one.data.astype(float) - other.data)
                    assert np.nanmax(difference) <= 2e-7 * np.nanmax(np.abs(other.data))
                elif one.name not in ("PRIMARY", "ASDF", "ATM_RECIPE"):
                    np.testing.assert_array_equal(one.data, other.data, err_msg=one.name)
        with datamodels.open(mine) as our, datamodels.open(their) as stock:
            kept, wanted = (m.to_flat_dict(include_arrays=False) for m in (our, stock))
            for tree in (kept, wanted):
                del tree["meta.date"]
                tree.pop("_fits_hash", None)
            assert {k: v for k, v in kept.items() if "history" not in k and "wcs" not in k.split(".")} == {
                k: v for k, v in wanted.items() if "history" not in k and "wcs" not in k.split(".")
            }
            assert our.meta.wcs(3, 4, 5) == stock.meta.wcs(3, 4, 5)


def cards(hdu) -> list[tuple]:
    """Cards of a header but for the time of writing, and the size of what holds such times."""
    left_out = {"DATE"} | ({"NAXIS1", "TFORM1"} if hdu.name == "ASDF" else set())
    return [(c.keyword, c.value, c.comment) for c in hdu.header.cards if c.keyword not in left_out]


def test_cubes_have_the_pipelines_names_and_tell_what_they_are_made_of(cubepar, tmp_path):
    steps = []
    paths = write_cubes(
        [exposures("miri")[0]],
        RECIPE,
        tmp_path / "made" / "here",
        product="star",
        channel="2",
        cubepar=cubepar,
        progress=lambda step, fraction: steps.append(fraction),
    )
    names = ["star_ch2-short_s3d.fits", "star-atm_ch2-short_s3d.fits"]
    assert [p.name for p in paths] == names
    assert sorted(os.listdir(paths[0].parent)) == sorted(names)
    assert steps == sorted(steps)
    assert steps[-1] == 1.0
    for path in paths:
        with fits.open(path) as cube:
            assert cube[0].header["S_IFUCUB"] == "COMPLETE"
            assert cube[0].header["FILENAME"] == path.name
            assert cube[0].header["R_CUBPAR"] == str(cubepar)
        assert read_provenance(path).applied == ("-atm" in path.name)
        assert read_provenance(path).recipe == RECIPE


def test_all_exposures_go_into_a_cube_per_channel_named_after_the_association(cubepar, tmp_path):
    both = exposures("miri")[1:3]
    for path in both:
        (tmp_path / path.name).symlink_to(path)
    members = [{"expname": path.name, "exptype": "science"} for path in both]
    association = tmp_path / "stars_asn.json"
    association.write_text(json.dumps({"products": [{"name": "stars", "members": members}]}))
    paths = write_cubes([association], Recipe(), tmp_path / "out", which="before", cubepar=cubepar)
    assert [p.name for p in paths] == ["stars_ch1-short_s3d.fits", "stars_ch2-short_s3d.fits"]
    for path in paths:
        history = "".join(fits.getheader(path)["HISTORY"])
        assert all(source.name.removesuffix("_cal.fits") in history for source in both)
        assert "no adaptive trace model" in history


@pytest.mark.parametrize("engine", ["own", "pipeline"])
def test_progress_never_goes_back(cubepar, tmp_path, engine):
    told = []
    write_cubes(
        exposures("miri")[:2],
        RECIPE,
        tmp_path,
        "star",
        channel="2",
        cubepar=cubepar,
        engine=engine,
        progress=lambda step, fraction: told.append((fraction, step)),
    )
    fractions = [fraction for fraction, _ in told]
    assert fractions == sorted(fractions), told
    assert (fractions[0], fractions[-1]) == (0.0, 1.0)


def test_without_crds_the_shipped_cube_parameters_are_taken(monkeypatch):
    for name in ("CRDS_SERVER_URL", "CRDS_PATH"):
        monkeypatch.delenv(name, raising=False)
    assert products._cubepar(None, "NIRSPEC", None) == str(shipped("cubepar/nirspec_cubepar.fits"))


def test_crds_comes_before_the_shipped_cube_parameters(monkeypatch, tmp_path):
    from stdatamodels.jwst import datamodels
    from stpipe import crds_client

    asked = []

    def answer(parameters, kind, observatory):
        asked.append((parameters["meta.instrument.name"], kind, observatory))
        return replies.pop(0)

    monkeypatch.setenv("CRDS_PATH", str(tmp_path))
    monkeypatch.setattr(crds_client, "get_reference_file", answer)
    replies = [str(tmp_path / "jwst_miri_cubepar_0001.fits"), "N/A"]
    with datamodels.open(exposures("miri")[0]) as model:
        assert products._cubepar(model, "MIRI", None) == f"crds://{tmp_path}/jwst_miri_cubepar_0001.fits"
        assert products._cubepar(model, "MIRI", None) == str(shipped("cubepar/miri_cubepar.fits"))
        assert products._cubepar(model, "MIRI", "mine.fits") == "mine.fits"
    assert asked == [("MIRI", "cubepar", "jwst")] * 2


def test_crds_that_cannot_be_reached_is_as_none(monkeypatch, tmp_path):
    """It ends the program where it has neither a server nor a cache."""
    from stdatamodels.jwst import datamodels

    monkeypatch.setenv("CRDS_PATH", str(tmp_path / "none"))
    monkeypatch.setenv("CRDS_SERVER_URL", "https://jwst-serverless-mode.stsci.edu")
    with datamodels.open(exposures("miri")[0]) as model:
        assert products._cubepar(model, "MIRI", None) == str(shipped("cubepar/miri_cubepar.fits"))


# Several settings


def test_cubes_of_all_settings_in_one_go_are_those_of_each(tmp_path):
    miri, nirspec = exposures("miri")[0], exposures("nirspec")[0]
    steps = []
    bands = *bands_of(group_exposures([nirspec])), "ch2-short"
    common = {"product": "star", "which": "after", "bands": bands, "progress": lambda _, done: steps.append(done)}
    made = write_cubes([nirspec, miri], RECIPE, tmp_path / "all", **common)
    assert [path.name for path in made] == [f"star-atm_{band}_s3d.fits" for band in bands]
    assert steps == sorted(steps)
    assert steps[-1] == 1.0
    for path, source in zip(made, (nirspec, miri), strict=True):
        channel = "2" if source == miri else None
        (alone,) = write_cubes([source], RECIPE, tmp_path / "each", "star", "after", channel)
        with fits.open(path) as one, fits.open(alone) as other:
            for name in ("SCI", "ERR", "DQ", "WMAP"):
                np.testing.assert_array_equal(one[name].data, other[name].data, err_msg=name)


def test_exposures_are_grouped_by_setting(tmp_path):
    miri, nirspec = exposures("miri")[0], exposures("nirspec")[0]
    other, second = tmp_path / "other_cal.fits", tmp_path / "nrs2_cal.fits"
    shutil.copy(miri, other)
    fits.setval(other, "BAND", value="LONG")
    shutil.copy(nirspec, second)
    fits.setval(second, "DETECTOR", value="NRS2")
    groups = group_exposures([miri, nirspec, other, second, exposures("miri")[1]])
    assert [group.exposures for group in groups] == [(miri, exposures("miri")[1]), (nirspec, second), (other,)]
    assert [group.bands for group in groups] == [group.setting.bands for group in groups]
    assert groups[2].bands == ("ch1-long", "ch2-long")
    chosen = group_exposures([miri, nirspec, other], "2")
    assert [group.bands for group in chosen] == [("ch2-short",), ("ch2-long",)]
    assert bands_of(group_exposures([miri, nirspec, other], bands=["CH1-LONG"])) == ("ch1-long",)
    assert groups[0].setting.bands == open_exposure(miri).bands


def test_two_exposures_must_not_have_one_name(tmp_path):
    (tmp_path / "a").mkdir()
    shutil.copy(exposures("miri")[0], tmp_path / "a")
    with pytest.raises(InputError, match="would both be written as"):
        write_exposures([exposures("miri")[0], tmp_path / "a" / exposures("miri")[0].name], Recipe(), tmp_path)


@pytest.mark.parametrize(
    ("instrument", "channel", "part"),
    [("miri", "3", "no channel 3; they contain ch1-short and ch2-short"), ("nirspec", "1", "which have no channels")],
)
def test_a_channel_that_is_not_there_is_said(tmp_path, instrument, channel, part):
    with pytest.raises(InputError, match=part):
        write_cubes(exposures(instrument)[:1], Recipe(), tmp_path, channel=channel)


def test_a_band_that_is_not_there_is_said(tmp_path):
    with pytest.raises(InputError, match="no band 'ch3-long'; they contain ch1-short and ch2-short"):
        write_cubes(exposures("miri")[:1], Recipe(), tmp_path, bands=("ch1-short", "ch3-long"))


@pytest.mark.parametrize(
    ("name", "part"), [("text", "cannot be read"), ("none", "cannot be read"), ("nrs", "for MIRI")]
)
def test_cube_parameters_that_are_none_are_told(tmp_path, name, part):
    (tmp_path / "text").write_text("text")
    shutil.copy(shipped("cubepar/nirspec_cubepar.fits"), tmp_path / "nrs")
    with pytest.raises(InputError, match=part):
        write_cubes(exposures("miri")[:1], Recipe(), tmp_path / "out", cubepar=tmp_path / name)
    assert not (tmp_path / "out").exists()


def test_a_product_with_folders_in_its_name_is_refused(tmp_path):
    with pytest.raises(OutputError, match="without folders"):
        write_cubes(exposures("miri")[:1], Recipe(), tmp_path, product="../x")


# Whole or not there at all


def files(folder: Path) -> dict[str, str]:
    return {p.name: p.read_text() for p in folder.rglob("*") if p.is_file()}


@pytest.fixture
def little_space():
    """Let no file grow above a megabyte: what a full disk does, by the system itself."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    handler = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1_000_000, before[1]))
    yield
    resource.setrlimit(resource.RLIMIT_FSIZE, before)
    signal.signal(signal.SIGXFSZ, handler)


@pytest.mark.usefixtures("little_space")
def test_a_disk_that_fills_is_told_and_nothing_stays(tmp_path):
    (tmp_path / "old").write_text("old")
    with pytest.raises(OutputError, match="The disk is full") as refused:
        write_exposures(exposures("miri")[:1], RECIPE, tmp_path)
    assert str(tmp_path) in str(refused.value)
    assert files(tmp_path) == {"old": "old"}
    assert [p.name for p in tmp_path.iterdir()] == ["old"]


@pytest.mark.parametrize(
    ("write", "stop"),
    [
        (write_exposures, "Oversampling slice"),
        (write_exposures, "Writing"),
        (partial(write_cubes, which="before", channel="2"), "Drizzling"),
        (partial(write_cubes, which="before", channel="2"), "Writing"),
        (partial(write_cubes, which="before", channel="2", engine="pipeline"), "Building cubes before"),
    ],
)
def test_cancelling_leaves_nothing(tmp_path, write, stop):
    def cancel(step, fraction):
        if step.startswith(stop):
            raise Cancelled

    with pytest.raises(Cancelled):
        write(exposures("miri")[:1], RECIPE, tmp_path / "new", progress=cancel)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("write", [write_exposures, write_cubes])
def test_whoever_watches_over_openings_is_told_of_the_first_look_at_a_file(tmp_path, monkeypatch, write):
    """Its disk may not answer even then."""
    steps, first = [], exposures("miri")[0]

    def look(path):
        raise Cancelled

    monkeypatch.setattr("atm_viewer.engine.io.setting.open_fits", look)
    with pytest.raises(Cancelled):
        write([first], RECIPE, tmp_path / "new", progress=lambda step, _: steps.append(step))
    assert [opened_in(step) for step in steps] == [first.name]


def test_overwriting_replaces(tmp_path):
    path = tmp_path / "jw00000001001_02101_00001_mirifushort_atm.fits"
    path.write_text("old")
    with pytest.raises(OutputError, match="already exists"):
        write_exposures(exposures("miri")[:1], RECIPE, tmp_path)
    assert path.read_text() == "old"
    write_exposures(exposures("miri")[:1], RECIPE, tmp_path, overwrite=True)
    assert fits.getheader(path)["FILENAME"] == path.name
    assert os.listdir(tmp_path) == [path.name]
