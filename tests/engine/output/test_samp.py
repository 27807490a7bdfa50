"""SAMP with a real hub on this machine alone, and a second program that receives what is sent."""

from __future__ import annotations

import queue
import time
from dataclasses import replace
from pathlib import Path
from urllib.parse import unquote, urlparse

import numpy as np
import pytest
from astropy.io import fits
from astropy.wcs import WCS

from atm_viewer import cli
from atm_viewer.engine.errors import InputError
from atm_viewer.engine.output.samp import IMAGE, TABLE, find_tools, kind_of, library, send_file, write_image
from atm_viewer.engine.results.sky_image import SkyImage


@pytest.fixture
def hub(tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.delenv("SAMP_HUB", raising=False)
    with library().conf.set_temp("use_internet", False):
        made = library().SAMPHubServer(addr="127.0.0.1", web_profile=False)
        made.start()
        yield made
        made.stop()


@pytest.fixture
def viewer(hub):
    """A program that takes images, and says what it was sent; its answer can be changed."""
    client = library().SAMPIntegratedClient("Images", "takes images", addr="127.0.0.1")
    client.connect()
    client.got = queue.Queue()
    client.answer = {"samp.status": "samp.ok", "samp.result": {}}

    def call(key, sender, number, kind, params, extra):
        client.got.put((kind, params))
        time.sleep(0.1)  # astropy's hub loses replies that come before it waits for them
        client.reply(number, client.answer)

    client.bind_receive_call(IMAGE, call)
    client.bind_receive_notification(IMAGE, lambda key, sender, kind, params, extra: client.got.put((kind, params)))
    yield client
    client.disconnect()


@pytest.fixture
def image(tmp_path) -> Path:
    path = tmp_path / "né c#b?%20_s3d.fits"
    fits.writeto(path, np.ones((3, 4, 5), np.float32))
    return path


def received(viewer) -> tuple[str, Path, str]:
    kind, params = viewer.got.get(timeout=10)
    return kind, Path(unquote(urlparse(params["url"]).path)), params["name"]


@pytest.mark.parametrize("to_all", [False, True])
def test_a_cube_arrives(viewer, image, to_all):
    (tool,) = find_tools()
    assert (tool.name, tool.takes) == ("Images", (IMAGE,))
    told = send_file(image, IMAGE, "" if to_all else tool.number)
    assert told == f"Sent {image.name} to {'1 program' if to_all else 'Images'}."
    assert received(viewer) == (IMAGE, image, image.name)


def test_a_program_that_fails_is_told(viewer, image):
    viewer.answer = {"samp.status": "samp.error", "samp.error": {"samp.errortxt": "too large"}}
    with pytest.raises(InputError, match=r"Images could not load .*: too large\."):
        send_file(image, IMAGE, viewer.get_public_id())


def test_the_command_sends_to_a_program_by_its_name(viewer, image, tmp_path, capsys):
    assert cli.run(["send", str(image), "--to", "images"]) == 0
    assert capsys.readouterr().out == f"Sent {image.name} to Images.\n"
    assert received(viewer) == (IMAGE, image, image.name)
    assert cli.run(["send", str(image), "--to", "topcat"]) == 1
    assert "programs that do: Images" in capsys.readouterr().err
    fits.BinTableHDU.from_columns([fits.Column("a", "E", array=[1.0])]).writeto(tmp_path / "table.fits")
    assert kind_of(tmp_path / "table.fits") == TABLE


def test_nobody_takes_tables(viewer, image):
    with pytest.raises(InputError, match="No program on the SAMP hub accepts tables"):
        send_file(image, TABLE)


def test_a_program_that_has_gone(hub, image):
    with pytest.raises(InputError):
        send_file(image, IMAGE, "c99")


def test_without_a_hub(tmp_path, monkeypatch, image):
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.delenv("SAMP_HUB", raising=False)
    for ask in (find_tools, lambda: send_file(image, IMAGE)):
        with pytest.raises(InputError, match="No SAMP hub is running; start TOPCAT"):
            ask()


def test_a_hub_that_does_not_answer_is_not_waited_for(tmp_path, monkeypatch):
    import socket

    from atm_viewer.engine.output import samp

    monkeypatch.setattr(samp, "_HUB", 0.3)
    with socket.create_server(("127.0.0.1", 0)) as deaf:
        url = f"http://127.0.0.1:{deaf.getsockname()[1]}/"
        (tmp_path / ".samp").write_text(f"samp.secret=x\nsamp.hub.xmlrpc.url={url}\nsamp.profile.version=1.3\n")
        monkeypatch.setenv("HOME", str(tmp_path))
        monkeypatch.delenv("SAMP_HUB", raising=False)
        with pytest.raises(InputError, match="No SAMP hub is running"):
            find_tools()
    assert socket.getdefaulttimeout() is None


def test_an_image_has_its_place_on_the_sky(tmp_path):
    values = np.arange(30.0, dtype=np.float32).reshape(5, 6)
    sky = SkyImage("ch1-short", values, "MJy/sr", 83.8, -5.4, 2.0, 3.0, 0.13, (83.8, -5.4))
    path = write_image(sky, tmp_path, "sky.fits")
    with fits.open(path) as hdus:
        np.testing.assert_array_equal(hdus[0].data, values)
        wcs = WCS(hdus[0].header)
    place = wcs.pixel_to_world(2.0, 3.0)
    assert (place.ra.deg, place.dec.deg) == pytest.approx((83.8, -5.4))
    east, north = wcs.pixel_to_world(1.0, 3.0), wcs.pixel_to_world(2.0, 4.0)
    assert place.spherical_offsets_to(east)[0].arcsec == pytest.approx(0.13, rel=1e-4)
    assert place.spherical_offsets_to(north)[1].arcsec == pytest.approx(0.13, rel=1e-4)
    assert sky.offsets(east.ra.deg, east.dec.deg)[0] == pytest.approx(0.13, rel=1e-4)
    write_image(replace(sky, image=values + 1), tmp_path, "sky.fits")
    assert fits.getdata(path)[0, 0] == 1.0
