"""The command line as a user meets it: real commands, real files, exit codes and what is printed."""

from __future__ import annotations

import io
import json
import os
import pty
import re
import select
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from astropy.io import fits
from PIL import Image

from atm_viewer import cli
from atm_viewer.commands.work import Work
from atm_viewer.demo import demo_exposures, demo_source
from atm_viewer.engine.extraction import Extraction
from atm_viewer.engine.output.provenance import read_provenance
from atm_viewer.engine.recipe import Circle, Recipe, Region, SliceOverride, dump_recipe, load_recipe
from atm_viewer.engine.results.written import WrittenProducts
from atm_viewer.engine.service.bench import Bench
from atm_viewer.jobs.requests.products import WriteExposures
from atm_viewer.resources import resource as shipped

CHECKOUT = Path(__file__).resolve().parents[1]
PROGRAM = [sys.executable, "-m", "atm_viewer"]
NAME = "jw00000001001_02101_00001_mirifushort"


@pytest.fixture(scope="module")
def exposure() -> str:
    return str(demo_exposures("miri").parent / f"{NAME}_cal.fits")


@pytest.fixture(scope="module")
def cubepar(tmp_path_factory) -> str:
    """Cube parameters with twenty times longer wavelength steps: cubes are made in a moment."""
    path = tmp_path_factory.mktemp("cubepar") / "coarse.fits"
    with fits.open(shipped("cubepar/miri_cubepar.fits")) as hdus:
        hdus["CUBEPAR"].data["spectralstep"] *= 20
        hdus.writeto(path)
    return str(path)


def program(*arguments: str, cwd: Path = CHECKOUT) -> subprocess.CompletedProcess:
    """Run the program as a process of its own, without a display."""
    return run_hidden([*PROGRAM, *arguments], cwd)


def run_hidden(command: list[str], cwd: Path) -> subprocess.CompletedProcess:
    hidden = ("DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM")
    environment = {k: v for k, v in os.environ.items() if k not in hidden}
    return subprocess.run(
        command,
        capture_output=True,
        text=True,
        timeout=300,
        env={**environment, "PYTHONPATH": str(CHECKOUT)},
        cwd=cwd,
        check=False,
    )


# Usage


def test_help_and_version_are_quick(capsys):
    code = (
        "import sys\n"
        "from atm_viewer.cli import run\n"
        "lines = ('--help', '--version', 'cube --help', 'spectrum --help', 'regions --help')\n"
        "codes = [run(line.split()) for line in lines]\n"
        "heavy = {'jwst', 'numba', 'astropy', 'PyQt6', 'scipy', 'stdatamodels', 'numpy'} & set(sys.modules)\n"
        "print(codes, heavy, file=sys.stderr)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=CHECKOUT)
    assert done.stderr == "[0, 0, 0, 0, 0] set()\n"
    for word in (
        "correct",
        "cube",
        "spectrum",
        "export",
        "inspect",
        "demo",
        "--screenshot",
        "--which",
        "--radius",
        "--on",
    ):
        assert word in done.stdout


@pytest.mark.parametrize(
    ("line", "part"),
    [
        ("correct", "arguments are required: FILE"),
        ("correct x --oversample 0", "'0' is not a multiple of 0.125 from 1 to 10"),
        ("correct x --oversample 2.3", "'2.3' is not a multiple of 0.125 from 1 to 10"),
        ("correct x --fit-threshold nan", "'nan' is not a finite number"),
        ("correct x --slope-limit steep", "'steep' is not a number"),
        ("correct x --colour red", "--colour"),
        ("cube x --which some", "invalid choice: 'some'"),
        ("cube x --channel 5", "invalid choice: '5'"),
        ("spectrum x --ra 1 --dec 2", "-o/--output"),
        ("spectrum x --ra 1 --dec 91 -o s.ecsv", "'91' is not between -90 and 90"),
        ("spectrum x --ra 1 --dec -2 --radius 0 -o s.ecsv", "'0' is not above zero"),
        ("spectrum x --ra 1 --dec -2 -o s.txt", "'s.txt' must end in .ecsv or .fits"),
        ("export poster x", "invalid choice: 'poster'"),
        ("figure bars x -o f.pdf", "invalid choice: 'bars'"),
        ("figure ranked x -o f.gif", "'f.gif' must end in .pdf, .svg or .png"),
        ("figure ranked x --ranks 0,1 -o f.pdf", "'0,1' is not a list of whole numbers such as 1,2,4"),
        ("figure apertures x --radii 3 -o f.pdf", "3 is above 2.5"),
        ("figure ranked x --degree 12 -o f.pdf", "'12' is not a whole number from 0 to 9"),
        ("report x -o x.txt", "'x.txt' must end in .html or .pdf"),
        ("send a b", "b"),
        ("regions a.txt", "'a.txt' must end in .reg or .toml"),
        ("regions a.reg --use all", "invalid choice: 'all'"),
        ("demo --instrument nircam", "invalid choice: 'nircam'"),
        ("a.fits --size 12", "'12' is not a size such as 1440x900"),
        ("a.fits --which both", "--which"),
    ],
)
def test_wrong_usage_ends_with_2_and_the_usage(capsys, line, part):
    assert cli.run(line.split()) == 2
    printed = capsys.readouterr()
    assert printed.out == ""
    assert printed.err.startswith("usage: atm-viewer")
    assert part in printed.err.splitlines()[-1]


def command(name: str, does):
    """A command of the table that does something else."""
    return (*cli._COMMANDS[name][:2], does)


def test_the_first_word_is_a_command_when_it_is_one(monkeypatch):
    seen = []
    monkeypatch.setattr(cli, "_window", lambda args: seen.append(("window", args.files, args.debug)) or 0)
    monkeypatch.setitem(cli._COMMANDS, "demo", command("demo", lambda args: seen.append(("demo", args.debug)) or 0))
    for line in ("demo", "--debug demo", "demo --debug", "./demo", "a.fits demo", ""):
        assert cli.run(line.split()) == 0
    assert seen == [
        ("demo", False),
        ("demo", True),
        ("demo", True),
        ("window", ["./demo"], False),
        ("window", ["a.fits", "demo"], False),
        ("window", [], False),
    ]


def test_files_and_options_may_be_mixed(monkeypatch):
    seen = []
    monkeypatch.setitem(
        cli._COMMANDS, "cube", command("cube", lambda args: seen.append((args.files, args.product)) or 0)
    )
    assert cli.run(["cube", "a.fits", "--product", "x", "b.fits"]) == 0
    assert seen == [(["a.fits", "b.fits"], "x")]


def test_without_display_a_window_is_refused_with_advice(exposure):
    refused = program(exposure)
    assert refused.returncode == 1
    assert refused.stderr.startswith("atm-viewer: There is no display")
    assert refused.stderr.count("\n") == 1


def test_a_traceback_is_shown_on_request_only(tmp_path):
    for arguments, wanted in ((["correct", "none.fits"], False), (["--debug", "correct", "none.fits"], True)):
        failed = program(*arguments, cwd=tmp_path)
        assert failed.returncode == 1
        assert ("Traceback" in failed.stderr) == wanted
        assert failed.stderr.splitlines()[-1].startswith("atm-viewer: There is no file")
        assert (len(failed.stderr.splitlines()) == 1) != wanted


# Products


def test_what_is_kept_is_told_and_deleted(exposure, tmp_path, monkeypatch, capsys):
    from atm_viewer.engine.io.exposure import open_exposure

    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert cli.run(["cache"]) == 0
    assert "uses 0 MB" in capsys.readouterr().out
    open_exposure(exposure).close()
    assert cli.run(["cache"]) == 0
    told = capsys.readouterr().out
    assert str(tmp_path) in told
    size = int(told.split(" MB")[0].split()[-1])
    assert size > 5
    assert cli.run(["cache", "--clear"]) == 0
    assert f"{size} MB deleted" in capsys.readouterr().out
    assert not list(tmp_path.rglob("*.arrays"))


def test_options_of_correct_go_over_the_recipe(tmp_path, monkeypatch):
    (tmp_path / "r.toml").write_text(dump_recipe(Recipe(2, 7.0, 0.3, False, (SliceOverride(112, window=20),))))
    asked = []
    monkeypatch.setattr(Work, "ask", lambda self, request, **_: asked.append(request) or WrittenProducts(()))
    for options in (
        "",
        "--slope-limit 0.2",
        "--oversample 4 --fit-threshold -1 --psf-optimal --overwrite -o out",
        "--reach slice --peak-cut source --residual none",
        "--oversample 2.5 --save-intermediate-results",
    ):
        assert cli.run(["correct", "a.fits", "-r", str(tmp_path / "r.toml"), *options.split()]) == 0
    overrides = (SliceOverride(112, window=20),)
    assert asked == [
        WriteExposures(("a.fits",), Recipe(2, 7.0, 0.3, False, overrides), "."),
        WriteExposures(("a.fits",), Recipe(2, 7.0, 0.2, False, overrides), "."),
        WriteExposures(("a.fits",), Recipe(4, -1.0, 0.3, True, overrides), "out", overwrite=True),
        WriteExposures(("a.fits",), Recipe(2, 7.0, 0.3, False, overrides, "slice", "source", "none"), "."),
        WriteExposures(("a.fits",), Recipe(2.5, 7.0, 0.3, False, overrides), ".", save_intermediate_results=True),
    ]


def test_correct_writes_to_the_current_folder_and_shows_progress_on_a_terminal(exposure, tmp_path):
    ours, theirs = pty.openpty()
    with subprocess.Popen(
        [*PROGRAM, "correct", exposure, "--fit-threshold", "1e9", "--oversample", "1"],
        stdout=subprocess.PIPE,
        stderr=theirs,
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(CHECKOUT)},
    ) as running:
        os.close(theirs)
        shown = read_to_the_end(ours)
        assert running.stdout.read() == f"{NAME}_atm.fits\n".encode()
    os.close(ours)
    assert running.returncode == 0
    assert os.listdir(tmp_path) == [f"{NAME}_atm.fits"]
    assert read_provenance(tmp_path / f"{NAME}_atm.fits").recipe == Recipe(1, 1e9)
    steps = [line for line in shown.split("\r\x1b[K") if line]
    assert any(f"Opening {NAME}_cal.fits" in step for step in steps)
    percent = [int(step.split("%")[0]) for step in steps]
    assert percent == sorted(percent)
    assert shown.endswith("\r\x1b[K")


def test_bands_restrict_what_each_command_takes(exposure, tmp_path, monkeypatch, capsys):
    nirspec = str(min(demo_exposures("nirspec").parent.glob("*_cal.fits")))
    asked = []
    monkeypatch.setattr(Work, "ask", lambda self, request, **_: asked.append(request) or WrittenProducts(()))
    for line in (["correct"], ["export", "script"], ["export", "pipeline", "--product", "star"]):
        assert cli.run([*line, exposure, nirspec, "--band", "ch2-short", "-o", str(tmp_path)]) == 0
    correct, script, pipeline = asked
    assert correct.paths == script.paths == pipeline.paths == (exposure,)
    assert script.bands == pipeline.bands == ("ch2-short",)
    assert pipeline.product == "star"
    assert cli.run(["correct", exposure, "--channel", "3"]) == 1
    assert "have no channel 3" in capsys.readouterr().err
    for line in (["correct", "-o"], ["tune", "-o"], ["inspect", "--align"]):
        assert cli.run([*line, str(tmp_path / "x.toml"), exposure, nirspec, "--band", "ch2-long"]) == 1
        assert "no band 'ch2-long'" in capsys.readouterr().err


def read_to_the_end(terminal: int) -> str:
    text = ""
    while select.select([terminal], [], [], 60)[0]:
        try:
            text += os.read(terminal, 65536).decode()
        except OSError:
            break
    return text


def test_cube_writes_what_is_asked(exposure, cubepar, tmp_path, capsys):
    line = ["cube", exposure, "-o", str(tmp_path), "--which", "before", "--channel", "2", "--product", "star"]
    assert cli.run([*line, "--cubepar", cubepar]) == 0
    printed = capsys.readouterr()
    assert printed.out == f"{tmp_path / 'star_ch2-short_s3d.fits'}\n"
    assert printed.err == ""
    assert os.listdir(tmp_path) == ["star_ch2-short_s3d.fits"]


def test_cube_takes_options_of_cube_build_in_place_of_the_recipes(exposure, cubepar, tmp_path, capsys):
    recipe, correction = tmp_path / "recipe.toml", "[global]\noversample = 2\nfit_threshold = 1e9\n"
    recipe.write_text(f"version = 1\n{correction}[cube]\nnspax_x = 15\nscalexy = 0.3\n")
    line = ["cube", exposure, "-o", str(tmp_path), "--recipe", str(recipe), "--channel", "2", "--product", "star"]
    assert cli.run([*line, "--cubepar", cubepar, "--nspax-y", "21", "--scalexy", "0.2", "--cube-pa", "-20"]) == 0
    headers = [fits.getheader(path, "SCI") for path in capsys.readouterr().out.split()]
    for header in headers:
        assert (header["NAXIS1"], header["NAXIS2"]) == (15, 21)
        assert header["CDELT1"] * 3600 == pytest.approx(0.2)
        assert header["PC1_2"] == pytest.approx(np.sin(np.radians(-20)))
    assert headers[0]["CRVAL1"] == headers[1]["CRVAL1"]
    assert cli.run([*line, "--coord-system", "ifualign", "--cube-pa", "3"]) == 1
    assert "exclude each other: cube_pa is for coord_system = 'skyalign'" in capsys.readouterr().err


def test_an_interrupt_ends_at_once_and_leaves_nothing(exposure, tmp_path):
    """Ctrl-C reaches the program and its workers alike."""
    begun = subprocess.Popen(
        [*PROGRAM, "cube", exposure, "-o", str(tmp_path / "out")],
        stderr=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,
        cwd=CHECKOUT,
        # A shell's background jobs ignore Ctrl-C, and so would a program started from tests that run in one.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
    )
    deadline = time.monotonic() + 60
    while not (tmp_path / "out").exists() and time.monotonic() < deadline:
        time.sleep(0.05)
    time.sleep(1.0)
    interrupted = time.monotonic()
    os.killpg(begun.pid, signal.SIGINT)
    out, err = begun.communicate(timeout=20)
    assert time.monotonic() - interrupted < 3.0
    assert begun.returncode == 130
    assert out == ""
    assert err == "atm-viewer: Interrupted; incomplete files were removed.\n"
    assert [p for p in (tmp_path / "out").rglob("*") if p.name] == []


# Spectra and slices


class Terminal(io.StringIO):
    """A terminal that remembers what was shown on it."""

    def isatty(self) -> bool:
        return True


def test_spectra_of_all_settings_are_in_one_table_with_one_line_of_progress(exposure, tmp_path, capsys, monkeypatch):
    from astropy.table import QTable

    nirspec = str(min(demo_exposures("nirspec").parent.glob("*_cal.fits")))
    place = ["--ra", str(demo_source("miri")[0]), "--dec", str(demo_source("miri")[1])]
    tables = {}
    for name, files in (("all", [exposure, nirspec]), ("miri", [exposure]), ("nirspec", [nirspec])):
        path = tmp_path / f"{name}.ecsv"
        with monkeypatch.context() as patch:
            patch.setattr(sys, "stderr", shown := Terminal())
            assert cli.run(["spectrum", *files, *place, "-o", str(path)]) == 0
        tables[name] = QTable.read(path)
        percent = [int(step.split("%")[0]) for step in shown.getvalue().split("\r\x1b[K") if step]
        assert percent == sorted(percent)
        assert min(percent) < 10
        assert max(percent) > 60
    for column in tables["all"].colnames:
        each = np.concatenate([tables[name][column].value for name in ("miri", "nirspec")])
        np.testing.assert_array_equal(tables["all"][column].value, each)
    one = tmp_path / "one.ecsv"
    assert cli.run(["spectrum", exposure, nirspec, *place, "--band", "ch2-short", "-o", str(one)]) == 0
    assert capsys.readouterr().err == ""
    assert QTable.read(one)["wavelength"].to_value("um").min() > 7.0


def test_the_window_writes_the_same_table_of_all_bands(exposure, tmp_path, qtbot):
    """A session with real workers, in which all bands are shown, and the command: the same numbers."""
    from astropy.table import QTable

    from atm_viewer.jobs.workers import Workers
    from atm_viewer.session import exports
    from atm_viewer.session.session import Session
    from atm_viewer.session.state.places import Places

    files = [exposure, str(min(demo_exposures("nirspec").parent.glob("*_cal.fits")))]
    ra, dec = demo_source("miri")
    told = tmp_path / "told.ecsv"
    assert cli.run(["spectrum", *files, "--ra", str(ra), "--dec", str(dec), "-o", str(told)]) == 0
    session = Session(Workers)
    try:
        session.look.set_spectrum(all_bands=True)
        session.look.set_places(Places().added(ra, dec, 0.5))
        session.exposures.open(files)

        def known() -> bool:
            found = session.answers.band_spectra
            return len(found) == 3 and all(one.spectra is not None and not one.stale for _, one in found)

        qtbot.waitUntil(known, timeout=240_000)
        exports.write_spectra(session, str(tmp_path), "window", "ecsv", False, False)
        shown = tmp_path / "window_all-bands.ecsv"
        qtbot.waitUntil(shown.exists, timeout=60_000)
    finally:
        session.close()
    table, other = QTable.read(told), QTable.read(shown)
    assert len(table) > 3000
    for column in table.colnames:
        np.testing.assert_array_equal(table[column].value, other[column].value)


@pytest.mark.parametrize(
    ("options", "ending", "kind", "unit"),
    [([], "ecsv", "ECSV", "MJy/sr"), (["--radius", "0.4", "--channel", "2"], "fits", "tabular-fits", "Jy")],
)
def test_spectra_are_read_back_by_specutils(exposure, tmp_path, capsys, options, ending, kind, unit):
    from astropy.table import QTable
    from specutils import Spectrum

    ra, dec = demo_source("miri")
    path = tmp_path / f"star.{ending}"
    line = ["spectrum", exposure, "--ra", str(ra), "--dec", str(dec), *options, "-o", str(path)]
    assert cli.run(line) == 0
    assert capsys.readouterr().out == f"{path}\n"
    table = QTable.read(path)
    first = [] if options else ["flux", "flux_err"]
    last = ["coverage", "coverage_before"] if options else []
    assert table.colnames == ["wavelength", *first, "after", "after_err", "before", "before_err", *last]
    wavelength = table["wavelength"].to_value("um")
    assert (np.diff(wavelength) > 0).all()
    # Both channels, one after the other, unless one is asked for.
    assert (wavelength.min() < 5.0) != bool(options)
    assert wavelength.max() > 8.5
    for name in ("before", "after"):
        read = Spectrum.read(
            str(path),
            format=kind,
            column_mapping={
                "wavelength": ("spectral_axis", "um"),
                name: ("flux", unit),
                f"{name}_err": ("uncertainty", unit),
            },
        )
        assert read.flux.unit == unit
        np.testing.assert_array_equal(read.flux.value, table[name].value)
        np.testing.assert_array_equal(read.uncertainty.array, table[f"{name}_err"].value)
        assert np.nanmedian(read.flux.value) > 0
    plain = Spectrum.read(str(path))
    wanted = table[first[0] if first else "after"]
    assert plain.flux.unit == "Jy"
    np.testing.assert_array_equal(plain.flux.value, wanted.value)
    np.testing.assert_array_equal(plain.uncertainty.array, table[first[1] if first else "after_err"].value)
    np.testing.assert_allclose(plain.spectral_axis.to_value("um"), wavelength)
    if first:  # channel 1 has spaxels of 0.13 arcsec
        ratio = wanted.value[0] / table["after"].value[0]
        assert ratio == pytest.approx(1e6 * (0.13 / 206264.806) ** 2, rel=1e-3)
    comments = " ".join(table.meta["comments"])
    for part in (f"{NAME}_cal.fits", "ch2-short", "oversample = 3", "0.4 arcsec" if options else "spaxel"):
        assert part in comments
    assert os.listdir(tmp_path) == [path.name]

    before = path.read_bytes()
    assert cli.run(line) == 1
    assert "already exists" in capsys.readouterr().err
    assert path.read_bytes() == before


def test_each_band_has_a_figure_with_the_numbers_of_the_bench(exposure, tmp_path, capsys):
    path = tmp_path / "ranked.png"
    line = ["figure", "ranked", exposure, "--ranks", "1,3", "--no-fringes", "-o", str(path)]
    assert cli.run([*line, "--band", "all"]) == 0
    paths = [tmp_path / f"ranked_{band}.png" for band in ("ch1-short", "ch2-short")]
    assert capsys.readouterr().out.split() == list(map(str, paths))
    told = {}
    for one in paths:
        with Image.open(one) as image:
            told[one] = json.loads(image.info["Description"])
    assert told[paths[0]]["rows"] != told[paths[1]]["rows"]
    told = told[paths[0]]
    bench = Bench()
    key = bench.open([exposure], lambda *_: None).exposures[0].key
    place, settings = told["parameters"], ("aperture_radius_arcsec", "ra_deg", "dec_deg")
    radius, ra, dec = (place[name] for name in settings)
    spectra = bench.spectra(Extraction((key,), Recipe(), "ch1-short", ra, dec, radius), lambda *_: None)
    bench.close([key])
    brightest = told["rows"][0]
    assert [row[0] for row in told["rows"]] == ["1st", "3rd"]
    assert brightest[1:3] == list(spectra.spaxel)
    assert brightest[3:] == pytest.approx([100 * spectra.noise_before, 100 * spectra.noise_after], rel=1e-6)
    assert cli.run([*line, "--band", "all"]) == 1
    assert "ranked_ch1-short.png already exists" in capsys.readouterr().err
    path.touch()  # of a single band
    assert cli.run(line) == 1
    assert "ranked.png already exists" in capsys.readouterr().err


def test_metrics_are_a_table_that_explains_itself(exposure, tmp_path, capsys):
    from astropy.table import QTable

    path = tmp_path / "noise.ecsv"
    line = ["metrics", exposure, "--channel", "1", "--count", "2", "--line", "[Fe II] 5.34", "-o", str(path)]
    assert cli.run(line) == 0
    told = capsys.readouterr().out.splitlines()
    assert told[-1] == str(path)
    assert re.match(r"ch1-short: \d+ of \d+ spaxels lose planes by the correction, \d+ of them all \(", told[0])
    table = QTable.read(path)
    assert len(table) == 2
    assert f"ch1-short: {table.meta['coverage']['ch1-short']}" == told[0]
    assert (table["planes"] > 1000).all()
    assert (table["planes_lost"] == 0).all()  # the brightest spaxels lie in the middle
    assert (table["noise_before"].to_value("percent") > 5 * table["noise_after"].to_value("percent")).all()
    assert np.abs(table["period_ratio"] - 1).max() < 0.15
    assert np.abs(table["conserved"] - 1).max() < 0.02
    assert (table["resampling_before"].to_value("percent") > 80).all()
    for sentence, left in zip(table["verdict"], table["left"], strict=True):
        assert sentence.startswith("Resampling noise: period matches geometry (")
        assert f"What is left: {left}" in sentence
    assert str(table["[Fe II] 5.34 spaxel after flux"].unit) == "W / m2"
    assert np.isfinite(table["[Fe II] 5.34 aperture after width_err"].value).all()
    assert all(table[name].info.description for name in table.colnames)
    assert table.meta["exposures"] == [f"{NAME}_cal.fits"]
    assert "oversample = 3" in table.meta["recipe"]
    assert table.meta["versions"]["jwst"]
    assert os.listdir(tmp_path) == [path.name]
    assert cli.run(line) == 1
    assert "already exists" in capsys.readouterr().err
    assert cli.run([*line, "--line", "Pa no", "--overwrite"]) == 1
    assert "no line Pa no" in capsys.readouterr().err


@pytest.mark.parametrize("instrument", ["miri", "nirspec"])
def test_a_tuned_recipe_is_an_ordinary_one_and_says_why(instrument, tmp_path, capsys):
    file = str(sorted(demo_exposures(instrument).parent.glob("*_cal.fits"))[0])
    path, name = tmp_path / "tuned.toml", Path(file).name.removesuffix("_cal.fits")
    line = ["tune", file, "--why", "-o", str(path)]
    assert cli.run(line) == 0
    told = capsys.readouterr().out.splitlines()
    assert told[0].startswith(f"{name}: spline used in ")
    assert told[-2].startswith("Tuned ")
    assert told[-1] == str(path)
    recipe = load_recipe(path)
    reasons = dict(row.strip().split(" ", 1) for row in told[1:-2])
    assert {o.number for o in recipe.overrides} == set(map(int, reasons))
    assert {o.exposure for o in recipe.overrides} == {name}
    used = [o for o in recipe.overrides if o.use]
    assert used
    assert all(o.fit_threshold == 0 and reasons[str(o.number)].startswith("Spline") for o in used)
    assert cli.run(["inspect", file, "--recipe", str(path)]) == 0
    before = path.read_bytes()
    assert cli.run(line) == 1
    assert "already exists" in capsys.readouterr().err
    number = str(used[0].number)
    assert cli.run(["tune", file, "--slice", number, "-o", str(path), "--overwrite"]) == 0
    assert [str(o.number) for o in load_recipe(path).overrides] == [number]
    assert path.read_bytes() != before
    assert os.listdir(tmp_path) == [path.name]


def test_a_recipe_is_tuned_into_a_toml_file(exposure, tmp_path, capsys):
    assert cli.run(["tune", exposure, "-o", str(tmp_path / "tuned.txt")]) == 2
    assert "does not end in .toml" in capsys.readouterr().err
    assert cli.run(["tune", exposure, "--slice", "x", "-o", str(tmp_path / "tuned.toml")]) == 2
    assert "is not a slice number" in capsys.readouterr().err


def test_sending_needs_a_hub(exposure, tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.delenv("SAMP_HUB", raising=False)
    assert cli.run(["send", exposure]) == 1
    assert "No SAMP hub is running" in capsys.readouterr().err
    assert cli.run(["send", str(tmp_path / "none.fits")]) == 1
    assert "There is no file" in capsys.readouterr().err


def test_a_stars_prediction_is_a_table(exposure, tmp_path, capsys):
    from astropy.table import QTable

    path = tmp_path / "star.ecsv"
    ra, dec = demo_source("miri")
    line = ["predict", exposure, "--channel", "1", "--ra", str(ra), "--dec", str(dec), "-o", str(path)]
    assert cli.run(line) == 0
    assert capsys.readouterr().out == f"{path}\n"
    table = QTable.read(path)
    assert set(table["band"]) == {"ch1-short"}
    assert str(table["wavelength"].unit) == "um"
    assert np.nanmedian(table["before"]) == pytest.approx(np.nanmedian(table["after"]), rel=0.1)
    before, after = table.meta["noise"]["ch1-short"]
    assert before > 5 * after > 0
    assert table.meta["fwhm"]["ch1-short"] == pytest.approx(0.033 * 5.3 + 0.106, abs=0.01)
    assert cli.run(line) == 1
    assert "already exists" in capsys.readouterr().err
    assert cli.run([*line, "--dec", "12.0", "--overwrite"]) == 1
    assert "outside the ch1-short cube" in capsys.readouterr().err


def test_regions_go_to_ds9_and_back_and_are_listed(exposure, tmp_path, capsys):
    ra, dec = demo_source("miri")
    recipe = Recipe(2, regions=(Region("AGN", Circle(round(ra, 8), round(dec, 8), 0.3), "spline", window=30),))
    mine, ds9, new = (str(tmp_path / name) for name in ("mine.toml", "mine.reg", "new.toml"))
    Path(mine).write_text(dump_recipe(recipe))
    assert cli.run(["regions", mine, "-o", ds9]) == 0
    assert cli.run(["regions", ds9, "-r", mine, "-o", new]) == 0
    assert Path(new).read_text() == Path(mine).read_text()
    assert capsys.readouterr().out.split() == [ds9, new]
    assert cli.run(["regions", ds9, "-o", new]) == 1
    assert "new.toml already exists; choose another name or allow overwriting (--overwrite)." in capsys.readouterr().err
    assert cli.run(["regions", ds9, "-o", new, "--overwrite"]) == 0
    assert load_recipe(new) == replace(recipe, oversample=3)
    capsys.readouterr()
    assert cli.run(["regions", mine, "--on", exposure]) == 0
    first, name, *rows = capsys.readouterr().out.splitlines()
    assert first == f'AGN: circle, RA {ra:.6f} Dec {dec:+.6f}, 0.3″; use = "spline", window = 30'
    assert name == NAME
    assert {row.split()[0][0] for row in rows} == {"1", "2"}
    assert all("AGN: alpha " in row for row in rows)


def test_inspect_tells_what_regions_decide(exposure, tmp_path, capsys):
    recipe = Recipe(2, 1e8, regions=(Region("AGN", Circle(*demo_source("miri"), 0.3), "spline"),))
    path = tmp_path / "r.toml"
    path.write_text(dump_recipe(recipe))
    assert cli.run(["inspect", exposure, "-r", str(path)]) == 0
    rows = [row for row in capsys.readouterr().out.splitlines() if "“AGN”" in row]
    assert len(rows) >= 3
    assert all("columns have a spline" in row and "for region “AGN” only" in row for row in rows)


def test_exposures_are_aligned_by_inspect_and_a_file(tmp_path, capsys):
    """The shift that one file of offsets makes is told, and the file that inspect writes takes it away."""
    from atm_viewer.engine.io.offsets import read_offsets, write_offsets

    paths = [str(p) for p in sorted(demo_exposures("miri").parent.glob("*_cal.fits"))[:2]]
    given, made = tmp_path / "given.asdf", tmp_path / "made.asdf"
    write_offsets(given, {Path(paths[0]).name: (0.0, 0.0), Path(paths[1]).name: (0.3, -0.1)})
    assert cli.run(["inspect", *paths, "--offsets", str(given), "--align", str(made)]) == 0
    rows = [row for row in capsys.readouterr().out.splitlines() if row.startswith("brightest source")]
    east, north = (float(word.rstrip('"')) for word in rows[1].split()[6:9:2])
    assert (east, north) == pytest.approx((0.3, -0.1), abs=0.01)
    (_, *first), (_, *second) = read_offsets(made)
    assert np.subtract(second, first) == pytest.approx([0.0, 0.0], abs=0.01)
    assert cli.run(["inspect", *paths, "--align", str(made)]) == 1
    assert "made.asdf" in capsys.readouterr().err
    assert cli.run(["inspect", *paths, paths[0].replace("_cal", "_crf"), "--offsets", str(tmp_path / "none")]) == 1


def test_inspect_shows_every_slice(exposure, capsys, tmp_path):
    (tmp_path / "r.toml").write_text(
        dump_recipe(Recipe(oversample=1, overrides=(SliceOverride(101, fit_threshold=0),)))
    )
    line = ["inspect", exposure, "-r", str(tmp_path / "r.toml")]
    assert cli.run([*line, "--json"]) == 0
    rows = json.loads(capsys.readouterr().out)
    assert {row["exposure"] for row in rows} == {NAME}
    numbers = [row["number"] for row in rows]
    assert numbers == [*range(101, 122), *range(201, 218)]
    fitted = [row["number"] for row in rows if row["fitted"]]
    assert 101 in fitted
    assert 3 < len(fitted) < 38
    for row in rows:
        if row["number"] != 101:
            assert (row["fitted"] > 0) == (row["peak"] > row["threshold"])
        assert 0 <= row["used"] <= 1
        assert row["reason"].endswith(".")
    assert rows[0]["threshold"] is None

    assert cli.run(line) == 0
    lines = capsys.readouterr().out.splitlines()
    shown = [line.split()[0] for line in lines if line.split()[0].isdigit()]
    assert shown == list(map(str, numbers))


@pytest.mark.parametrize("line", ["--help", "cube --help"])
def test_a_reader_that_leaves_early_is_no_failure_to_tell(line):
    ours, theirs = os.pipe()
    os.close(ours)
    buffered = {name: value for name, value in os.environ.items() if name != "PYTHONUNBUFFERED"}
    command = [*PROGRAM, *line.split()]
    done = subprocess.run(
        command, stdout=theirs, stderr=subprocess.PIPE, timeout=60, cwd=CHECKOUT, check=False, env=buffered
    )
    os.close(theirs)
    assert done.stderr == b""


# The window


def test_a_screenshot_needs_no_display(exposure, tmp_path):
    from PyQt6.QtGui import QImage

    done = program(exposure, "--screenshot", "window.png", "--size", "1200x800", cwd=tmp_path)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    picture = QImage(str(tmp_path / "window.png"))
    assert (picture.width(), picture.height()) == (1200, 800)


def test_a_report_needs_no_display(exposure, tmp_path):
    done = program("report", exposure, "-o", "star.html", cwd=tmp_path)
    assert (done.returncode, done.stdout, done.stderr) == (0, "star.html\n", "")
    text = (tmp_path / "star.html").read_text()
    assert NAME in text
    assert text.count("<img") == 4 + 2
    assert "<h3>ch1-short</h3>" in text
    assert "<h3>ch2-short</h3>" in text
    again = program("report", exposure, "-o", "star.html", cwd=tmp_path)
    assert again.returncode == 1
    assert "already exists" in again.stderr


def test_a_report_of_one_band_shows_it(exposure, tmp_path, capsys):
    done = program("report", exposure, "--channel", "2", "-o", "two.html", cwd=tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    text = (tmp_path / "two.html").read_text()
    assert text.count("<img") == 4
    assert "<td>ch2-short</td>" in text
    assert "<td>ch1-short</td>" not in text
    (tmp_path / "s.toml").touch()
    assert cli.run(["report", str(tmp_path / "s.toml"), "--band", "ch1-short", "-o", str(tmp_path / "s.html")]) == 1
    assert "A session says itself what is open" in capsys.readouterr().err


def test_the_demo_without_display_says_what_it_has_written(tmp_path):
    """Cubes and a picture of the whole demo take minutes, so here they are empty files."""
    code = (
        "import sys, pathlib, atm_viewer.app, atm_viewer.demo, atm_viewer.engine.output.products\n"
        "from atm_viewer.cli import run\n"
        "def picture(files, recipe, path):\n"
        "    assert files == [pathlib.Path('demo_asn.json')] and recipe is None\n"
        "    path.touch()\n"
        "    return 0\n"
        "def cubes(paths, recipe, folder, product, which, overwrite, **others):\n"
        "    assert (paths, product, overwrite) == (('demo_asn.json',), '', True)\n"
        "    path = pathlib.Path(folder) / f'{which}_s3d.fits'\n"
        "    path.touch()\n"
        "    return (path,)\n"
        # Worker processes read this file too.
        "atm_viewer.demo.demo_exposures = lambda *a, **k: pathlib.Path('demo_asn.json')\n"
        "atm_viewer.engine.output.products.write_cubes = cubes\n"
        "atm_viewer.app.run = picture\n"
        "if __name__ == '__main__':\n"
        "    sys.exit(run(['demo']))\n"
    )
    (tmp_path / "main.py").write_text(code)
    (tmp_path / "atm-viewer-demo").mkdir()
    done = run_hidden([sys.executable, "main.py"], cwd=tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    names = ["before_s3d.fits", "after_s3d.fits", "atm-viewer-demo-miri.png"]
    assert done.stdout.splitlines()[1:] == [f"atm-viewer-demo/{name}" for name in names]
    assert sorted(os.listdir(tmp_path / "atm-viewer-demo")) == sorted(names)


# Paths that could be taken for URLs, and programs that race

ODD = "a#b?c%20d"
#: What is left of the name when the rest is taken for the parts of a URL.
REMAINS = ("a", "a#b", "a#b?c d")
PIPELINE_CALL = ("_spec3.sh", "_spec3.py", "_asn.json", "_pars.asdf")


@pytest.fixture
def odd(exposure, cubepar, tmp_path, monkeypatch) -> Path:
    """Exposure in the working folder's ``a#b?c%20d``, and files of other people that are called as `REMAINS`."""
    folder = tmp_path / ODD
    folder.mkdir()
    for place in (tmp_path, folder):
        for name in REMAINS:
            (place / name).write_text("mine")
    os.link(exposure, folder / f"{ODD}_cal.fits")
    os.link(cubepar, folder / "file:#.fits")
    monkeypatch.chdir(tmp_path)
    return folder


@pytest.mark.parametrize(
    ("line", "names"),
    [
        ("correct {exposure} -o {folder}", [f"{ODD}_atm.fits"]),
        ("correct {exposure} -o file:", [f"{ODD}_atm.fits"]),
        ("cube {exposure} -o ~ --cubepar {cubepar} --channel 2 --which before", [f"{ODD}_ch2-short_s3d.fits"]),
        ("export pipeline {exposure} -o {folder}", [f"{ODD}-atm{end}" for end in PIPELINE_CALL]),
        ("export pipeline {exposure} -o file:", [f"{ODD}-atm{end}" for end in PIPELINE_CALL]),
        ("export script {exposure} -o {folder}", [f"{ODD}-atm.py"]),
        ("spectrum {exposure} --ra 161.2495 --dec -59.67992 --channel 2 -o {folder}/s.ecsv", ["s.ecsv"]),
        ("figure ranked {exposure} --channel 2 --ranks 1 --no-fringes -o {folder}/a#b.pdf", ["a#b.pdf"]),
    ],
)
def test_a_path_is_no_url(odd, tmp_path, capsys, line, names):
    folder = tmp_path / "new" / ODD if "{folder}" in line else tmp_path / line.split("-o ")[1].split()[0]
    words = {
        "exposure": f"{ODD}/{ODD}_cal.fits",
        "cubepar": f"{ODD}/file:#.fits",
        "folder": folder.relative_to(tmp_path),
    }
    before = {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}
    assert cli.run([word.format(**words) for word in line.split()]) == 0, capsys.readouterr().err
    after = {path for path in tmp_path.rglob("*") if path.is_file()}
    assert after - set(before) == {folder / name for name in names}
    assert all(path.read_bytes() == content for path, content in before.items())
    assert all((folder / name).stat().st_size > 100 for name in names)
    if (pars := folder / f"{ODD}-atm_pars.asdf").exists():
        import asdf

        with open(pars, "rb") as file, asdf.open(file) as read:
            assert read["name"] == "AdaptiveTraceModelStep"


@pytest.mark.usefixtures("odd")
def test_the_path_of_a_report_is_no_url(tmp_path):
    (tmp_path / "new").mkdir()
    done = program("report", f"{ODD}/{ODD}_cal.fits", "-o", f"new/{ODD}.html", cwd=tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    assert os.listdir(tmp_path / "new") == [f"{ODD}.html"]
    assert [(tmp_path / name).read_text() for name in REMAINS] == ["mine"] * 3


def test_of_two_programs_that_write_the_same_one_is_refused(exposure, tmp_path):
    folder = tmp_path / "new"
    command = [*PROGRAM, "export", "pipeline", exposure, "-o", str(folder)]
    both = [subprocess.Popen(command, stderr=subprocess.PIPE, text=True, cwd=CHECKOUT) for _ in range(2)]
    told = [one.communicate(timeout=120)[1] for one in both]
    assert sorted(one.returncode for one in both) == [0, 1], told
    (sentence,) = filter(None, told)
    assert sentence.startswith(f"atm-viewer: {folder}")
    assert "already exists" in sentence
    assert sentence.count("\n") == 1
    assert sorted(os.listdir(folder)) == sorted(f"{NAME}-atm{end}" for end in PIPELINE_CALL)


def test_two_programs_may_make_one_new_folder(exposure, tmp_path):
    for turn in range(3):
        folder = tmp_path / str(turn) / "deep" / "new"
        commands = ([*PROGRAM, "export", "script", exposure, "-o", str(folder), "--product", name] for name in "ab")
        both = [subprocess.Popen(command, stderr=subprocess.PIPE, text=True, cwd=CHECKOUT) for command in commands]
        assert [one.communicate(timeout=120)[1] for one in both] == ["", ""]
        assert [one.returncode for one in both] == [0, 0]
        assert sorted(os.listdir(folder)) == ["a-atm.py", "b-atm.py"]


def test_completion_knows_commands_and_options(capsys, tmp_path):
    assert cli.run(["completion", "bash"]) == 0
    script = tmp_path / "completion"
    script.write_text(capsys.readouterr().out)

    def offered(*words: str) -> list[str]:
        line = f"COMP_WORDS=(atm-viewer {' '.join(words)}); COMP_CWORD={len(words)}; _shtab_atm_viewer"
        call = ["bash", "-c", f'source {script}; {line}; echo "${{COMPREPLY[@]}}"']
        return subprocess.run(call, capture_output=True, text=True, check=True).stdout.split()

    assert set(offered("cor")) == {"correct"}
    assert set(offered("correct", "--slope")) == {"--slope-limit"}
