"""A file that does not open in time is refused, and whoever waits for it goes on."""

from __future__ import annotations

import signal
import threading
import weakref

import pytest

from atm_viewer import cli, open_exposures
from atm_viewer.batch.programme import Options, read_programme
from atm_viewer.engine.errors import InputError
from atm_viewer.engine.io import exposure, headers, in_time, setting
from atm_viewer.engine.io.in_time import files_open_in_time
from tests.faults.trial import good_exposure


@pytest.fixture
def hang(monkeypatch):
    """Reads as from a disk that does not answer, until the test is over; nobody waits for them for long."""
    over = threading.Event()
    monkeypatch.setattr(in_time, "OPENING", 0.3)
    yield lambda *_: over.wait()
    over.set()
    for thread in threading.enumerate():
        if thread.name == "atm-viewer-opening":
            thread.join(10.0)


def test_a_disk_that_does_not_answer(hang):
    read = in_time.in_time(hang)
    with files_open_in_time(), pytest.raises(InputError, match=r"^a\.fits did not open within .* check its disk"):
        read("/disk/a.fits")


def test_it_can_be_interrupted_before(hang):
    def interrupt(*_):
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGALRM, interrupt)
    read = in_time.in_time(hang)
    try:
        signal.setitimer(signal.ITIMER_REAL, 0.05)
        with files_open_in_time(), pytest.raises(KeyboardInterrupt):
            read("a.fits")
    finally:
        signal.signal(signal.SIGALRM, before)


def test_what_is_wrong_with_a_file_is_told_as_ever_and_nothing_stays():
    class Content:
        """What was read."""

    contents = []

    @in_time.in_time
    def read(path):
        content = Content()
        contents.append(weakref.ref(content))
        if path == "bad.fits":
            raise InputError("It is bad.")
        return content

    with files_open_in_time():
        assert isinstance(read("good.fits"), Content)
        with pytest.raises(InputError, match="It is bad"):
            read("bad.fits")
    assert [content() for content in contents] == [None, None]


def test_in_a_notebook(hang, monkeypatch):
    monkeypatch.setattr(exposure, "_read", hang)
    path = good_exposure("miri")
    with pytest.raises(InputError, match=f"{path.name} did not open"):
        open_exposures(path)


def test_a_programme_is_read_all_the_same(hang, monkeypatch):
    monkeypatch.setattr(headers, "open_fits", hang)
    path = good_exposure("miri")
    with files_open_in_time():
        (target,) = read_programme([path], Options())
    assert (target.exposures, target.problem) == ((path,), "")  # what is wrong with it is told when it is opened


def test_in_a_command(hang, monkeypatch, capsys):
    monkeypatch.setattr(setting, "open_fits", hang)
    path = good_exposure("miri")
    assert cli.run(["spectrum", str(path), "--ra", "0", "--dec", "0", "-o", "none.fits"]) == 1
    assert f"{path.name} did not open" in capsys.readouterr().err
