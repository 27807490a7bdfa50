"""Sends files to other programs (DS9, TOPCAT, Aladin, SPLAT) through SAMP."""

from __future__ import annotations

import importlib
import math
import socket
import time
import xmlrpc.client
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from atm_viewer.engine.errors import InputError
from atm_viewer.engine.output.staging import saving, staged
from atm_viewer.engine.results.sky_image import SkyImage
from atm_viewer.engine.results.written import Tool
from atm_viewer.engine.threads import without_warnings

TABLE, IMAGE = "table.load.fits", "image.load.fits"

#: Seconds that a hub may take to answer, and that a program may take to load a file before nobody waits any longer.
_HUB, _TOOL = 5.0, 20

#: Seconds that files are kept which were made to be sent.
_KEPT = 24 * 3600.0

_NO_HUB = "No SAMP hub is running; start TOPCAT, Aladin or DS9, which provide one, and try again."


def find_tools() -> tuple[Tool, ...]:
    """Find the programs that are connected to the running hub.

    Returns
    -------
    tuple of Tool
        In the order of their names.

    Raises
    ------
    InputError
        No hub is running, or it does not answer in time.
    """
    with _hub() as client:
        found = []
        for number in client.get_registered_clients():
            takes = tuple(kind for kind in (TABLE, IMAGE) if number in client.get_subscribed_clients(kind))
            if takes:
                name = client.get_metadata(number).get("samp.name") or number
                found.append(Tool(number, str(name), takes))
    return tuple(sorted(found, key=lambda tool: tool.name.lower()))


def send_file(path: Path, kind: str, tool: str = "") -> str:
    """Ask other programs to load a file.

    Parameters
    ----------
    path : Path
        FITS file; it has to stay where it is.
    kind : str
        `TABLE` or `IMAGE`.
    tool : str
        Number of the one program that is meant; empty for all that take such files.

    Returns
    -------
    str
        Sentence on what became of it.

    Raises
    ------
    InputError
        No hub is running, or nobody takes the file.
    """
    path = Path(path).absolute()
    if not path.is_file():
        raise InputError(f"There is no file {path}.")
    message = {
        "samp.mtype": kind,
        "samp.params": {
            "url": path.as_uri(),
            "table-id" if kind == TABLE else "image-id": str(path),
            "name": path.name,
        },
    }
    with _hub() as client:
        if not tool:
            if not client.get_subscribed_clients(kind):
                raise InputError(
                    f"No program on the SAMP hub accepts {_noun(kind)}; start DS9 or TOPCAT and try again."
                )
            reached = client.notify_all(message)
            return f"Sent {path.name} to {len(reached)} program{'s' if len(reached) > 1 else ''}."
        try:
            name = client.get_metadata(tool).get("samp.name") or tool
            reply = client.call_and_wait(tool, message, str(_TOOL))
        except (xmlrpc.client.Fault, library().SAMPProxyError) as error:
            raise InputError(f"The program did not accept {path.name} within {_TOOL} s ({_first(error)}).") from error
    if reply.get("samp.status") == "samp.error":
        why = reply.get("samp.error", {}).get("samp.errortxt", "no reason given")
        raise InputError(f"{name} could not load {path.name}: {why}.")
    return f"Sent {path.name} to {name}."


def kind_of(path: Path) -> str:
    """Tell by a FITS file's first data whether programs have to take images, or tables, to load it."""
    from astropy.io import fits

    path = Path(path).absolute()
    if not path.is_file():
        raise InputError(f"There is no file {path}.")
    try:
        with fits.open(path) as hdus:
            first = next((hdu for hdu in hdus if hdu.header.get("NAXIS", 0) > 0), None)
            return IMAGE if first is not None and first.is_image else TABLE
    except OSError as error:
        raise InputError(f"{path} cannot be read as FITS; give a FITS file.") from error


def clear_old(folder: Path) -> None:
    """Delete what was made to be sent more than a day ago: programs may read a file long after they were told of it."""
    for path in Path(folder).glob("*.fits"):
        with suppress(OSError):
            if time.time() - path.stat().st_mtime > _KEPT:
                path.unlink()


def write_image(image: SkyImage, folder: Path, name: str) -> Path:
    """Write an image of the field as FITS, with its place on the sky; an older one of the name is replaced."""
    from astropy.io import fits

    header = fits.Header()
    header["BUNIT"] = image.unit
    for axis, kind, value, pixel, sign in (
        (1, "RA---TAN", image.ra, image.x0, -1),
        (2, "DEC--TAN", image.dec, image.y0, 1),
    ):
        header[f"CTYPE{axis}"] = kind
        header[f"CUNIT{axis}"] = "deg"
        header[f"CRVAL{axis}"] = value
        header[f"CRPIX{axis}"] = pixel + 1  # FITS counts from 1
        header[f"CDELT{axis}"] = sign * image.spaxel / 3600
    if image.angle:
        cos, sin = math.cos(math.radians(image.angle)), math.sin(math.radians(image.angle))
        # What cube_build writes, with the signs of CDELT taken out.
        header["PC1_1"], header["PC1_2"], header["PC2_1"], header["PC2_2"] = cos, -sin, sin, cos
    header["RADESYS"] = "ICRS"
    with staged(folder, [name], overwrite=True) as part, saving(part / name):
        fits.writeto(part / name, image.image, header)
    return folder / name


def library() -> Any:
    """Import astropy's SAMP. It says that it will move to pyvo, which is not asked for as long as astropy has it."""
    with without_warnings():
        return importlib.import_module("astropy.samp")


@contextmanager
def _hub() -> Iterator[Any]:
    """Register with the running hub; nothing that is asked of it is waited for without end."""
    samp = library()
    before = socket.getdefaulttimeout()
    socket.setdefaulttimeout(_HUB)
    try:
        with samp.conf.set_temp("use_internet", False):
            client = samp.SAMPIntegratedClient("ATM Viewer", "JWST's adaptive trace model", callable=False)
            try:
                client.connect()
            except (samp.SAMPHubError, KeyError, OSError, xmlrpc.client.Error) as error:
                raise InputError(_NO_HUB) from error
            try:
                # Programs take their time to load a file, and the hub waits for them.
                socket.setdefaulttimeout(_HUB + _TOOL)
                yield client
            except (OSError, xmlrpc.client.Error) as error:
                raise InputError(f"The SAMP hub does not answer ({_first(error)}); restart it.") from error
            finally:
                with suppress(Exception):
                    client.disconnect()
    finally:
        socket.setdefaulttimeout(before)


def _noun(kind: str) -> str:
    return "tables" if kind == TABLE else "images"


def _first(error: BaseException) -> str:
    return str(error).strip().splitlines()[0].rstrip(".") if str(error).strip() else type(error).__name__
