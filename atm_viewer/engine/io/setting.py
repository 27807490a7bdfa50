"""Groups exposures by setting, with the bands that are wanted of each, as read from their headers."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import Path

from atm_viewer.engine.errors import InputError
from atm_viewer.engine.io.fits_input import open_fits
from atm_viewer.engine.io.in_time import in_time
from atm_viewer.engine.progress import Progress, no_progress, opening
from atm_viewer.engine.threads import without_warnings


@dataclass(frozen=True)
class Setting:
    """Instrument and bands of an exposure, as the pipeline names its cubes."""

    instrument: str
    bands: tuple[str, ...]


@dataclass(frozen=True)
class Group:
    """Exposures of one setting.

    Parameters
    ----------
    setting : Setting
        Their instrument and all bands they have.
    bands : tuple of str
        Those that are wanted.
    exposures : tuple of Path
        In the order in which they were given.
    """

    setting: Setting
    bands: tuple[str, ...]
    exposures: tuple[Path, ...]


def group_exposures(
    exposures: Sequence[Path],
    channel: str | None = None,
    bands: Collection[str] = (),
    progress: Progress = no_progress,
) -> tuple[Group, ...]:
    """Group exposures by setting; both detectors of a NIRSpec exposure have one.

    Parameters
    ----------
    exposures : sequence of Path
        Of any settings.
    channel : str or None
        The one MIRI channel that is wanted; None: all.
    bands : collection of str
        Names of the bands that are wanted, such as ``ch1-short`` or ``g235m-f170lp``; empty: all.
    progress : callable
        ``progress(step, fraction)`` is told which exposure's header is read; may raise `Cancelled`.

    Returns
    -------
    tuple of Group
        In the order of their first exposures, without those of which no band is wanted.

    Raises
    ------
    InputError
        An exposure cannot be used, or what is wanted is not there.
    """
    by_setting: dict[Setting, list[Path]] = {}
    for path in exposures:
        progress(opening(path.name), 0.0)
        by_setting.setdefault(_setting(path), []).append(path)
    there = [band for setting in by_setting for band in setting.bands]
    if channel is not None and all(setting.instrument != "MIRI" for setting in by_setting):
        raise InputError("These are NIRSpec exposures, which have no channels; omit the channel.")
    of_channel = [band for band in there if channel is None or band.startswith(f"ch{channel}-")]
    if not of_channel:
        raise InputError(f"The exposures have no channel {channel}; they contain {' and '.join(there)}.")
    if missing := [band for band in bands if band.lower() not in of_channel]:
        raise InputError(f"The exposures have no band {missing[0]!r:.80}; they contain {' and '.join(of_channel)}.")
    wanted = {band.lower() for band in bands} or set(of_channel)
    groups = [
        Group(setting, tuple(b for b in setting.bands if b in of_channel and b in wanted), tuple(paths))
        for setting, paths in by_setting.items()
    ]
    return tuple(group for group in groups if group.bands)


def bands_of(groups: Sequence[Group]) -> tuple[str, ...]:
    """Bands of groups that are wanted, in the order of the groups."""
    return tuple(band for group in groups for band in group.bands)


def exposures_in(groups: Sequence[Group], exposures: Sequence[Path]) -> tuple[Path, ...]:
    """Exposures that are in any of the groups, in the order in which they were given."""
    wanted = {path for group in groups for path in group.exposures}
    return tuple(path for path in exposures if path in wanted)


@in_time
def _setting(path: Path) -> Setting:
    from astropy.io import fits

    try:
        with without_warnings(), open_fits(path) as file:
            header = fits.getheader(file)
        instrument = header["INSTRUME"].upper()
        if header["EXP_TYPE"] == "MIR_MRS":
            return Setting(instrument, tuple(f"ch{n}-{header['BAND']}".lower() for n in header["CHANNEL"]))
        if header["EXP_TYPE"] == "NRS_IFU":
            return Setting(instrument, (f"{header['GRATING']}-{header['FILTER']}".lower(),))
    except (OSError, KeyError, AttributeError, TypeError):
        pass
    # Opening says in a sentence what is wrong with the file. It needs numba, which takes long to import.
    from atm_viewer.engine.io.exposure import open_exposure

    exposure = open_exposure(path)
    return Setting(exposure.instrument, exposure.bands)
