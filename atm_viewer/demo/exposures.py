"""Makes and caches the demo exposures: four dithers as ``*_cal.fits`` and their association."""

from __future__ import annotations

import json
import os
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np

from atm_viewer.demo import miri_mrs, nirspec_ifu
from atm_viewer.demo.detector_geometry import DetectorGeometry
from atm_viewer.demo.detector_noise import calibrated_arrays
from atm_viewer.demo.folder import demo_folder
from atm_viewer.demo.scene import surface_brightness
from atm_viewer.demo.telescope import aim, locate, sky_steps, write_footprint
from atm_viewer.engine.errors import InputError, OutputError
from atm_viewer.engine.output.staging import alone, temporary_folder
from atm_viewer.engine.progress import Progress, no_progress

VERSION = "3"
"""Part of the cache folder's name: to be changed whenever the exposures change."""

_INSTRUMENTS: dict[str, ModuleType] = {"miri": miri_mrs, "nirspec": nirspec_ifu}


def instrument_named(name: str) -> ModuleType:
    """Return the module of a set's instrument: its geometry, optics, noise and what it looks at.

    Raises
    ------
    InputError
        When there is no such set.
    """
    try:
        return _INSTRUMENTS[name]
    except KeyError:
        known = " or ".join(_INSTRUMENTS)
        raise InputError(f"There is no demo for {name!r}; choose {known}.") from None


def demo_exposures(instrument: str = "miri", folder: Path | None = None, progress: Progress = no_progress) -> Path:
    """Path of the demo's association; the exposures are made on first use.

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
        Association beside its exposures.

    Raises
    ------
    InputError
        When there is no such set.
    OutputError
        When the exposures cannot be written.
    """
    camera = instrument_named(instrument)
    kept = (folder or demo_folder()) / f"{instrument}-{VERSION}"
    association = kept / f"{_product(camera)}_asn.json"
    try:
        if _complete(association):
            return association
        with temporary_folder(kept.parent) as part:
            write_exposures(instrument, part / kept.name, progress=progress)
            put_in_place(part / kept.name, association)
    except OSError as error:
        raise OutputError(
            f"The demo exposures cannot be written to {kept} ({error.strerror}); check permissions and free space."
        ) from error
    return association


def write_exposures(instrument: str, folder: Path, seed: int = 1, progress: Progress = no_progress) -> Path:
    """Write a set of exposures and its association into a folder.

    Parameters
    ----------
    instrument : {"miri", "nirspec"}
        Which set.
    folder : Path
        Made when absent; files in it are overwritten.
    seed : int
        The same seed gives the same pixels.
    progress : callable
        ``progress(step, fraction)``.

    Returns
    -------
    Path
        The association.
    """
    camera = instrument_named(instrument)
    folder.mkdir(parents=True, exist_ok=True)
    coordinates = camera.detector_geometry()
    total = len(camera.DITHERS)
    names = []
    for number in range(1, total + 1):
        progress(f"Exposure {number} of {total}", (number - 1) / total)
        name = f"jw00000001001_02101_{number:05d}_{camera.DETECTOR}_cal.fits"
        with make_exposure(instrument, number, seed, coordinates) as model:
            model.save(folder / name)
        names.append(name)
    return _write_association(folder, _product(camera), names)


def make_exposure(instrument: str, number: int, seed: int = 1, coordinates: DetectorGeometry | None = None) -> Any:
    """One exposure of the demo, as a data model.

    Parameters
    ----------
    instrument : {"miri", "nirspec"}
        Which set.
    number : int
        Dither position, counted from one.
    seed : int
        The same seed gives the same pixels.
    coordinates : DetectorGeometry, optional
        The instrument's slice map, when it is at hand.

    Returns
    -------
    `~stdatamodels.jwst.datamodels.IFUImageModel`
        Calibrated exposure with its WCS.
    """
    import gwcs
    from stdatamodels.jwst import datamodels

    camera = instrument_named(instrument)
    coordinates = coordinates or camera.detector_geometry()
    # Metadata is checked once, when the model is saved: checking every assignment takes longer than the rest.
    model = datamodels.IFUImageModel(camera.SHAPE, validate_on_assignment=False, strict_validation=True)
    aim(model, camera.FIELD, camera.SCENE.star, camera.DITHERS[number - 1])
    model.meta.wcs = gwcs.WCS([*camera.slicer_steps(coordinates), *sky_steps(model)])
    write_footprint(model, camera.FIELD, coordinates)

    star, neighbour = (locate(model, camera.FIELD, one) for one in (camera.SCENE.star, camera.SCENE.neighbour))
    image = surface_brightness(camera.SCENE, coordinates, camera.OPTICS, star, neighbour)
    rng = np.random.default_rng((seed, number))
    for name, array in calibrated_arrays(image, coordinates.region, camera.NOISE, rng).items():
        setattr(model, name, array)
    _describe(model, camera, coordinates, number)
    return model


def _describe(model: Any, camera: ModuleType, coordinates: DetectorGeometry, number: int) -> None:
    """Write the metadata that the pipeline's third stage looks at and that a person expects."""
    camera.describe(model, coordinates)
    meta = model.meta
    meta.telescope = "JWST"
    meta.target.catalog_name = meta.target.proposer_name = "ATM-VIEWER-DEMO"
    meta.target.type, meta.target.source_type = "FIXED", "POINT"
    meta.observation.date, meta.observation.time = "2025-01-01", "00:00:00.000"
    meta.observation.program_number, meta.observation.visit_id = "00000", "00000001001"
    meta.observation.observation_number = meta.observation.visit_number = "001"
    meta.observation.visit_group, meta.observation.activity_id = "02", "01"
    meta.observation.exposure_number = f"{number:05d}"
    meta.dither.position_number, meta.dither.total_points = number, len(camera.DITHERS)
    meta.exposure.start_time, meta.exposure.mid_time, meta.exposure.end_time = 60676.0, 60676.003, 60676.006
    meta.exposure.exposure_time = meta.exposure.effective_exposure_time = 500.0
    meta.exposure.nints, meta.exposure.ngroups = 1, 30
    meta.bunit_data = meta.bunit_err = "MJy/sr"
    meta.photometry.pixelarea_arcsecsq = camera.PIXEL_AREA
    meta.photometry.pixelarea_steradians = camera.PIXEL_AREA * np.radians(1 / 3600) ** 2
    for step in ("assign_wcs", "flat_field", "photom"):
        setattr(meta.cal_step, step, "COMPLETE")


def _write_association(folder: Path, product: str, names: list[str]) -> Path:
    members = [{"expname": name, "exptype": "science"} for name in names]
    content = {
        "asn_type": "spec3",
        "asn_rule": "DMSLevel3Base",
        "asn_id": "o001",
        "asn_pool": "none",
        "program": "00000",
        "target": "t001",
        "products": [{"name": product, "members": members}],
    }
    path = folder / f"{product}_asn.json"
    path.write_text(json.dumps(content, indent=2) + "\n", encoding="utf-8")
    return path


def _complete(association: Path) -> bool:
    """Whether an association and all its exposures exist; people and systems do clear out caches."""
    try:
        members = json.loads(association.read_text(encoding="utf-8"))["products"][0]["members"]
    except FileNotFoundError:
        return False
    return all((association.parent / member["expname"]).is_file() for member in members)


def put_in_place(made: Path, association: Path) -> None:
    """Move a finished folder to its place, unless another process was faster.

    Parameters
    ----------
    made : Path
        Folder with a complete set, on the same file system, in a temporary folder that is deleted afterwards: what is
        in its place is put there.
    association : Path
        Where its association is to be.
    """
    kept = association.parent
    with alone(kept.parent):
        if _complete(association):
            return
        if os.path.lexists(kept):
            kept.rename(made.with_name(f"{made.name}.old"))
        made.rename(kept)


def _product(camera: ModuleType) -> str:
    return f"jw00000-o001_t001_{camera.PRODUCT}"
