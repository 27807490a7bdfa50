"""Synthetic demo exposures with a simple geometry.

Nothing here imports the pipeline before the first exposures are made.
"""

from __future__ import annotations

from pathlib import Path

from atm_viewer.engine.progress import Progress, no_progress


def demo_exposures(instrument: str = "miri", folder: Path | None = None, progress: Progress = no_progress) -> Path:
    """Path of the demo's association; the exposures beside it are made on first use, which takes some seconds.

    Parameters
    ----------
    instrument : {"miri", "nirspec"}
        Which set.
    folder : Path, optional
        Where sets are kept, by default the user's cache folder.
    progress : callable
        ``progress(step, fraction)``.

    Returns
    -------
    Path
        A spec3 association (``*_asn.json``) of four dithered ``*_cal.fits``.

    Raises
    ------
    InputError
        When there is no such set.
    OutputError
        When the exposures cannot be written.
    """
    from atm_viewer.demo import exposures

    return exposures.demo_exposures(instrument, folder, progress)


def demo_source(instrument: str = "miri", source: str = "star") -> tuple[float, float]:
    """Right ascension and declination (ICRS, degrees) of one of the demo's point sources.

    Parameters
    ----------
    instrument : {"miri", "nirspec"}
        Which set.
    source : {"star", "neighbour"}
        Which source.

    Returns
    -------
    tuple of float
        Right ascension and declination.

    Raises
    ------
    InputError
        When there is no such set.
    """
    from atm_viewer.demo.exposures import instrument_named

    place = getattr(instrument_named(instrument).SCENE, source)
    return place.ra, place.dec
