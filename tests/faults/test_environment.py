"""No display, streams that are full or closed, few files, signals: one sentence, or as if nothing were amiss."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from atm_viewer import cli
from atm_viewer.engine.errors import InputError, one_sentence
from atm_viewer.engine.output.pipeline_export import write_pipeline_call
from atm_viewer.engine.recipe import Recipe
from tests.faults.trial import good_exposure

PROGRAM = f"{sys.executable} -m atm_viewer"
CHECKOUT = Path(__file__).resolve().parents[2]
_DISPLAYS = ("DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM")


def shell(line: str, **variables: str) -> subprocess.CompletedProcess:
    """Run a line of a shell with no display but the one that is given."""
    environment = {k: v for k, v in os.environ.items() if k not in _DISPLAYS} | {"PYTHONPATH": str(CHECKOUT)}
    run = subprocess.run
    return run(line, shell=True, env=environment | variables, cwd=CHECKOUT, capture_output=True, text=True, timeout=300)


@pytest.mark.parametrize("variables", [{"QT_QPA_PLATFORM": "xcb"}, {"DISPLAY": ":4077"}, {"QT_QPA_PLATFORM": "<b>no"}])
def test_no_display_that_can_be_used(variables):
    done = shell(PROGRAM, **variables)
    assert done.returncode == 1
    ((name, value),) = variables.items()
    assert done.stderr.startswith(f"atm-viewer: There is no display that a window can use ({name}={value}); use one")
    assert done.stderr.count("\n") == 1


@pytest.mark.parametrize(
    ("line", "code", "said"),
    [
        ("cache > /dev/full", 1, "The disk is full"),
        ("cache >&-", 0, ""),
        ("inspect /none 2>&-", 1, ""),
        ("inspect /none 2>/dev/full", 1, ""),
        ("cache <&- >&- 2>&-", 0, ""),
    ],
)
def test_streams_that_are_full_or_closed(line, code, said):
    done = shell(f"{PROGRAM} {line}", NUMBA_NUM_THREADS="0", LC_ALL="xx_YY.nonsense")
    assert done.returncode == code
    assert said in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("asked", [False, True])
def test_what_libraries_warn_of_is_shown_to_those_alone_who_ask_for_it(asked, tmp_path):
    """Here of astropy, which looks for its configuration there."""
    variables = {"XDG_CONFIG_HOME": str(tmp_path / "none"), **({"PYTHONWARNINGS": "default"} if asked else {})}
    done = shell(f"{PROGRAM} cube {good_exposure('miri')} --band none", **variables)
    assert "have no band 'none'" in done.stderr.splitlines()[-1]
    assert ("XDG_CONFIG_HOME is set" in done.stderr) == asked
    assert (done.stderr.count("\n") == 1) != asked


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_what_ends_a_command_removes_what_is_half_written(number, tmp_path):
    """As Ctrl-C does: also when the whole group of processes gets the signal, as from a terminal that closes."""
    line = [*PROGRAM.split(), "correct", str(good_exposure("miri")), "-o", str(tmp_path / "out")]
    environment = os.environ | {"PYTHONPATH": str(CHECKOUT), "TMPDIR": str(tmp_path)}
    pipe = subprocess.PIPE
    before = signal.signal(number, signal.SIG_DFL)  # under nohup it is ignored, and would be by the command
    try:
        process = subprocess.Popen(line, env=environment, cwd=CHECKOUT, stderr=pipe, text=True, start_new_session=True)
    finally:
        signal.signal(number, before)
    deadline = time.monotonic() + 120
    while not (tmp_path / "out").exists() and process.poll() is None and time.monotonic() < deadline:
        time.sleep(0.02)
    os.killpg(process.pid, signal.SIGSTOP)
    os.killpg(process.pid, signal.SIGCONT)
    os.killpg(process.pid, number)
    _, said = process.communicate(timeout=60)
    assert said == "atm-viewer: Interrupted; incomplete files were removed.\n"
    assert process.returncode == 128 + number
    assert [path.name for path in tmp_path.rglob("*")] in ([], ["out"])


def test_what_a_killed_command_left_is_cleared_away(tmp_path, monkeypatch):
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    ended = subprocess.Popen([sys.executable, "-c", ""])
    ended.wait()
    left, ours = tmp_path / f"atm-viewer-{ended.pid}-x.log", tmp_path / f"atm-viewer-{os.getpid()}-x.log"
    left.touch()
    ours.touch()
    line = [*PROGRAM.split(), "inspect", "/none"]
    subprocess.run(line, env=os.environ | {"PYTHONPATH": str(CHECKOUT)}, cwd=CHECKOUT, capture_output=True, check=False)
    assert [path.name for path in tmp_path.iterdir()] == [ours.name]


def test_a_name_that_begins_with_a_dash(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    assert cli.run(["correct", "--", "-none_cal.fits"]) == 1
    assert "There is no file" in capsys.readouterr().err


def test_a_product_that_is_named_like_an_option(tmp_path):
    (shell_script, *_) = write_pipeline_call([good_exposure("miri")], Recipe(), tmp_path, product="--help")
    assert "calwebb_spec3 ./--help-atm_asn.json" in " ".join(shell_script.read_text().replace("\\\n", " ").split())


def test_words_have_an_end(capsys):
    assert len(str(InputError(f"The file {'x' * 5000} is bad."))) < 120
    assert one_sentence("a\nb\x1b[31m" + "é" * 9000).isprintable()
    assert cli.run(["correct", "x", "--oversample", "9" * 5000]) == 2
    assert max(map(len, capsys.readouterr().err.split("\n"))) < 300
    assert cli.run(["inspect", "x" * 5000]) == 1
    assert len(capsys.readouterr().err) < 300
