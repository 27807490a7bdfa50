"""Instrument and bands of exposures from their headers, and a check that exposures can be combined."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from atm_viewer.engine.errors import InputError
from atm_viewer.engine.io.exposure import open_exposure
from atm_viewer.engine.io.fits_input import open_fits


@dataclass(frozen=True)
class Setting:
    """Instrument and bands of an exposure, as the pipeline names its cubes."""

    instrument: str
    bands: tuple[str, ...]


def one_setting(exposures: Sequence[Path]) -> Setting:
    """Instrument and bands that all exposures have in common, read from their headers.

    Raises
    ------
    InputError
        An exposure cannot be used, or two exposures differ.
    """
    settings = [_setting(path) for path in exposures]
    for path, setting in zip(exposures, settings, strict=True):
        if setting != settings[0]:
            raise InputError(
                f"{exposures[0].name} ({_describe(settings[0])}) and {path.name} ({_describe(setting)}) do not belong "
                "together; give exposures of one instrument and band at a time."
            )
    return settings[0]


def chosen_bands(setting: Setting, channel: str | None) -> tuple[str, ...]:
    """Bands of one channel, or all bands when ``channel`` is None.

    Raises
    ------
    InputError
        The exposures do not have this channel, or are of NIRSpec.
    """
    if channel is None:
        return setting.bands
    if setting.instrument != "MIRI":
        raise InputError("These are NIRSpec exposures, which have no channels; omit the channel.")
    chosen = tuple(band for band in setting.bands if band.startswith(f"ch{channel}-"))
    if not chosen:
        raise InputError(f"The exposures have no channel {channel}; they contain {' and '.join(setting.bands)}.")
    return chosen


def _setting(path: Path) -> Setting:
    from astropy.io import fits

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            with open_fits(path) as file:
                header = fits.getheader(file)
        instrument = header["INSTRUME"].upper()
        if header["EXP_TYPE"] == "MIR_MRS":
            return Setting(instrument, tuple(f"ch{n}-{header['BAND']}".lower() for n in header["CHANNEL"]))
        if header["EXP_TYPE"] == "NRS_IFU":
            return Setting(instrument, (f"{header['GRATING']}-{header['FILTER']}".lower(),))
    except (OSError, KeyError, AttributeError, TypeError):
        pass
    # Opening says in a sentence what is wrong with the file.
    exposure = open_exposure(path)
    return Setting(exposure.instrument, exposure.bands)


def _describe(setting: Setting) -> str:
    name = {"NIRSPEC": "NIRSpec"}.get(setting.instrument, setting.instrument)
    return f"{name} {' and '.join(setting.bands)}"
