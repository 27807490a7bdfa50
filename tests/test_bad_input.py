"""Bad input: the right sentence, exit code 1, nothing half-written, and nothing that is open is lost."""

from __future__ import annotations

import json
import os
import resource
import shutil
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest
from astropy.io import fits

from atm_viewer import cli
from atm_viewer.demo import demo_exposures
from atm_viewer.engine.errors import InputError, OutputError
from atm_viewer.engine.io.association import expand_inputs
from atm_viewer.engine.io.exposure import open_exposure
from atm_viewer.engine.output.products import write_exposures
from atm_viewer.engine.output.staging import staged
from atm_viewer.engine.recipe import Recipe
from atm_viewer.engine.service.bench import Bench

NAME = "bad_cal.fits"


def exposures(instrument: str) -> list[Path]:
    return sorted(demo_exposures(instrument).parent.glob("*_cal.fits"))


@pytest.fixture(scope="module")
def bench() -> Iterator[Bench]:
    """A bench at which one good exposure is open."""
    made = Bench()
    opened = made.open([exposures("miri")[1]], ignore)
    assert opened.problems == ()
    yield made
    made.close([opened.exposures[0].key])


def ignore(step: str, fraction: float) -> None:
    """Watch no progress."""


def is_one_sentence(text: str) -> bool:
    return text.endswith(".") and "\n" not in text and "Traceback" not in text and "please report" not in text


def refused(capsys, folder: Path, *line: str) -> str:
    """Run a command that must fail; return its sentence."""
    before = sorted(folder.rglob("*"))
    assert cli.run(line) == 1
    printed = capsys.readouterr()
    assert printed.out == ""
    sentence = printed.err.removeprefix("atm-viewer: ").removesuffix("\n")
    assert is_one_sentence(sentence), sentence
    assert sorted(folder.rglob("*")) == before
    return sentence


# Files that are no exposures


def spoilt_text(path: Path) -> None:
    path.write_text("not FITS at all")


def spoilt_empty(path: Path) -> None:
    path.touch()


def spoilt_foreign(path: Path) -> None:
    fits.HDUList([fits.PrimaryHDU(), fits.ImageHDU(np.zeros((8, 8)), name="SCI")]).writeto(path)


def spoilt_hubble(path: Path) -> None:
    copy(path)
    fits.setval(path, "TELESCOP", value="HST")


def spoilt_cube(path: Path) -> None:
    with fits.open(exposures("miri")[0]) as hdus:
        primary = fits.PrimaryHDU(header=hdus[0].header)
    fits.HDUList([primary, *(fits.ImageHDU(np.zeros((5, 4, 3)), name=n) for n in ("SCI", "ERR", "DQ"))]).writeto(path)


def spoilt_rate(path: Path) -> None:
    with fits.open(exposures("miri")[0]) as hdus:
        del hdus["ASDF"], hdus[0].header["S_WCS"]
        hdus.writeto(path)


def spoilt_without_wcs(path: Path) -> None:
    """A file whose headers promise a WCS that is not there."""
    from stdatamodels.jwst import datamodels

    with datamodels.open(exposures("miri")[0]) as model:
        model.meta.wcs = None
        model.save(path)


def spoilt_without_errors(path: Path) -> None:
    with fits.open(exposures("miri")[0]) as hdus:
        del hdus["ERR"]
        hdus.writeto(path)


def spoilt_wcs(path: Path) -> None:
    copy(path)
    with fits.open(path, mode="update") as hdus:
        hdus["ASDF"].data["ASDF_METADATA"][:] = 0


def spoilt_nan(path: Path) -> None:
    copy(path)
    with fits.open(path, mode="update") as hdus:
        hdus["SCI"].data[:] = np.nan


def spoilt_oversampled(path: Path) -> None:
    folder = path.parent / "corrected"
    made = write_exposures(exposures("miri")[:1], Recipe(oversample=2, fit_threshold=1e9), folder)[0]
    shutil.move(made, path)
    folder.rmdir()


def of_type(kind: str, instrument: str):
    def spoil(path: Path) -> None:
        copy(path)
        fits.setval(path, "EXP_TYPE", value=kind)
        fits.setval(path, "INSTRUME", value=instrument)

    return spoil


def cut_at(share: float):
    def spoil(path: Path) -> None:
        copy(path)
        os.truncate(path, int(share * path.stat().st_size))

    return spoil


def copy(path: Path) -> None:
    shutil.copy(exposures("miri")[0], path)


NO_EXPOSURES = {
    "not FITS": (spoilt_text, "is not a FITS file"),
    "empty": (spoilt_empty, "is not a FITS file"),
    "cut in its first header": (cut_at(1e-5), "damaged FITS file"),
    "cut in its pixels": (cut_at(0.3), "truncated"),
    "cut near its end": (cut_at(0.999), "truncated"),
    "without metadata": (spoilt_foreign, "is not a product of the JWST pipeline"),
    "of another telescope": (spoilt_hubble, "is not a product of the JWST pipeline"),
    "imaging": (of_type("MIR_IMAGE", "MIRI"), "is a MIRI imaging exposure"),
    "NIRSpec imaging": (of_type("NRS_IMAGE", "NIRSPEC"), "is a NIRSpec imaging exposure"),
    "MOS": (of_type("NRS_MSASPEC", "NIRSPEC"), "is a NIRSpec MOS exposure"),
    "fixed slit": (of_type("NRS_FIXEDSLIT", "NIRSPEC"), "is a NIRSpec fixed-slit exposure"),
    "LRS": (of_type("MIR_LRS-FIXEDSLIT", "MIRI"), "is a MIRI LRS exposure"),
    "NIRCam": (of_type("NRC_IMAGE", "NIRCAM"), "is an exposure of type NRC_IMAGE"),
    "rate": (spoilt_rate, "has no WCS (step assign_wcs was not run: there is no S_WCS); run calwebb_spec2"),
    "WCS gone": (spoilt_without_wcs, "has no WCS"),
    "WCS damaged": (spoilt_wcs, "has a WCS that is not ASDF"),
    "without errors": (spoilt_without_errors, "has no ERR extension"),
    "cube": (spoilt_cube, "is a cube"),
    "all NaN": (spoilt_nan, "has no valid pixels"),
    "oversampled": (spoilt_oversampled, "is already oversampled"),
}


@pytest.mark.parametrize("case", NO_EXPOSURES)
def test_a_file_that_is_no_exposure(case, bench, tmp_path, capsys):
    spoil, part = NO_EXPOSURES[case]
    path = tmp_path / NAME
    spoil(path)
    # In the window, where another exposure is open and stays so.
    opened = bench.open([path], ignore)
    assert opened.exposures == ()
    (sentence,) = opened.problems
    assert is_one_sentence(sentence)
    assert NAME in sentence
    assert part in sentence
    assert bench.profile(str(exposures("miri")[1].resolve()), Recipe(), 108, 500).number == 108
    # On the command line.
    assert refused(capsys, tmp_path, "correct", str(path), "-o", str(tmp_path / "out")) == sentence


def test_a_bad_file_after_a_good_one(tmp_path, capsys):
    (tmp_path / NAME).write_text("text")
    line = ("correct", str(exposures("miri")[0]), str(tmp_path / NAME), "-o", str(tmp_path / "out"))
    assert "is not a FITS file" in refused(capsys, tmp_path, *line)


@pytest.mark.parametrize("command", ["cube", "inspect", "spectrum"])
def test_every_command_says_the_same(command, tmp_path, capsys):
    (tmp_path / NAME).write_text("text")
    options = {"spectrum": ["--ra", "1", "--dec", "2", "-o", str(tmp_path / "s.ecsv")], "cube": ["-o", str(tmp_path)]}
    sentence = refused(capsys, tmp_path, command, str(tmp_path / NAME), *options.get(command, []))
    assert sentence == f"{NAME} is not a FITS file; open _cal.fits or _crf.fits files or an association."


def test_a_file_that_is_absent(tmp_path, capsys):
    sentence = refused(capsys, tmp_path, "inspect", str(tmp_path / "none_cal.fits"))
    assert "There is no file" in sentence


def test_a_slice_without_valid_pixels(tmp_path):
    """One empty slice is told in its row; the others are corrected."""
    path = tmp_path / NAME
    copy(path)
    regions = open_exposure(path).regions
    with fits.open(path, mode="update") as hdus:
        hdus["SCI"].data[regions == 108] = np.nan
    bench = Bench()
    (view,) = bench.open([path], ignore).exposures
    rows = {row.number: row for row in bench.correct(view.key, Recipe(oversample=2), ignore).slices}
    assert rows[108].reason.startswith("Empty")
    assert (rows[108].fitted, rows[108].used) == (0, 0)
    assert rows[109].fitted > 0
    bench.close([view.key])


def test_a_position_outside_of_the_field(tmp_path, capsys):
    line = ("spectrum", str(exposures("miri")[0]), "--ra", "10", "--dec", "10", "-o", str(tmp_path / "s.ecsv"))
    assert "outside" in refused(capsys, tmp_path, *line)


# Files that do not belong together


def test_the_pipeline_makes_no_product_of_two_instruments(tmp_path, capsys):
    first, second = exposures("miri")[0], exposures("nirspec")[0]
    sentence = refused(capsys, tmp_path, "export", "pipeline", str(first), str(second), "-o", str(tmp_path / "out"))
    assert first.name in sentence
    assert second.name in sentence
    assert "two instruments" in sentence


def test_an_association_whose_member_is_missing(bench, tmp_path, capsys):
    path = tmp_path / "star_asn.json"
    members = [{"expname": name, "exptype": "science"} for name in ("here_cal.fits", "gone_cal.fits")]
    path.write_text(json.dumps({"products": [{"name": "star", "members": members}]}))
    copy(tmp_path / "here_cal.fits")
    (sentence,) = bench.open([path], ignore).problems
    assert "gone_cal.fits" in sentence
    assert is_one_sentence(sentence)
    assert refused(capsys, tmp_path, "cube", str(path), "-o", str(tmp_path / "out")) == sentence


# Folders and disks


@contextmanager
def ordinary_user() -> Iterator[None]:
    """Nobody is refused anything as root, as whom tests may run."""
    if os.geteuid() != 0:
        yield
        return
    os.seteuid(65534)
    try:
        yield
    finally:
        os.seteuid(0)


@pytest.fixture
def locked(tmp_path) -> Iterator[Path]:
    """A folder with an association in it that may be neither searched nor written."""
    folder = tmp_path / "locked"
    folder.mkdir()
    (folder / "star_asn.json").write_text("{}")
    (folder / NAME).write_text("")
    folder.chmod(0)
    yield folder
    folder.chmod(0o700)


@pytest.mark.parametrize("name", ["star_asn.json", NAME])
def test_a_folder_that_cannot_be_read(locked, name):
    with ordinary_user(), pytest.raises(InputError) as refusal:
        open_exposure(expand_inputs([locked / name])[0])
    assert is_one_sentence(str(refusal.value))
    assert "Permission denied" in str(refusal.value)


@pytest.mark.parametrize("below", ["", "new"])
def test_a_folder_that_cannot_be_written(locked, below):
    with ordinary_user(), pytest.raises(OutputError) as refusal, staged(locked / below, ["x"]):
        pytest.fail("work has begun")
    assert is_one_sentence(str(refusal.value))
    assert "Permission denied" in str(refusal.value)


@pytest.mark.skipif(not Path("/proc").is_dir(), reason="not even root may write to Linux's /proc")
@pytest.mark.parametrize("command", ["correct", "cube"])
def test_a_folder_in_which_nobody_can_write(command, tmp_path, capsys):
    sentence = refused(capsys, tmp_path, command, str(exposures("miri")[0]), "-o", "/proc/atm")
    assert sentence.startswith("/proc/atm cannot be written to")


@pytest.mark.parametrize("command", ["correct", "cube"])
def test_a_folder_that_is_a_file(command, tmp_path, capsys):
    (tmp_path / "file").write_text("here")
    sentence = refused(capsys, tmp_path, command, str(exposures("miri")[0]), "-o", str(tmp_path / "file"))
    assert "is a file, not a folder" in sentence
    assert (tmp_path / "file").read_text() == "here"


def test_a_disk_that_fills_while_writing(tmp_path, capsys):
    """No file may grow above a megabyte: the system refuses to write on, as it does on a full disk."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    handler = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1_000_000, before[1]))
    try:
        line = ("correct", str(exposures("miri")[0]), "--fit-threshold", "1e9", "--oversample", "1")
        sentence = refused(capsys, tmp_path, *line, "-o", str(tmp_path / "out"))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
        signal.signal(signal.SIGXFSZ, handler)
    assert sentence.startswith(f"The disk is full, so {tmp_path / 'out'} cannot be written to")


@pytest.mark.parametrize(
    ("command", "name"),
    [
        ("correct", "jw00000001001_02101_00001_mirifushort_atm.fits"),
        ("cube", "jw00000001001_02101_00001_mirifushort-atm_ch2-short_s3d.fits"),
    ],
)
def test_a_product_that_is_there_already(command, name, tmp_path, capsys):
    (tmp_path / name).write_text("old")
    sentence = refused(capsys, tmp_path, command, str(exposures("miri")[0]), "-o", str(tmp_path))
    assert name in sentence
    assert "--overwrite" in sentence
    assert (tmp_path / name).read_text() == "old"


# Recipes


@pytest.mark.parametrize(
    ("text", "part"),
    [
        ("version = 1\n[global]\noversampling = 3", "unknown key 'oversampling' in [global]"),
        ("version = 1\n[global]\noversample = 0", "oversample must be a number from 1 to 10"),
        ("version = 1\n[[slice]]\nnumber = 112\nuse = [[1, 0]]", "1.0 is not below 0.0"),
        ("version = 1\n[global", "not valid TOML"),
        ("", "version"),
    ],
)
@pytest.mark.parametrize("command", ["correct", "cube", "inspect", "spectrum"])
def test_a_recipe_that_is_wrong(command, text, part, tmp_path, capsys):
    (tmp_path / "r.toml").write_text(text)
    options = {"spectrum": ["--ra", "1", "--dec", "2", "-o", str(tmp_path / "s.ecsv")]}
    line = [command, str(exposures("miri")[0]), "-r", str(tmp_path / "r.toml"), *options.get(command, [])]
    sentence = refused(capsys, tmp_path, *line)
    assert part in sentence
    assert "r.toml" in sentence
