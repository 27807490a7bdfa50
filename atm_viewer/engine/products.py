"""Products in files: corrected exposures that stock ``cube_build`` reads, and cubes before and after."""

from __future__ import annotations

import logging
import os
import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

from atm_viewer.engine.association import default_product, expand_inputs, is_plain_name
from atm_viewer.engine.errors import InputError, OutputError
from atm_viewer.engine.exposure import exposure_name, open_exposure
from atm_viewer.engine.oversample import Corrected, correct_exposure
from atm_viewer.engine.provenance import Provenance, add_history, append_provenance, current_versions
from atm_viewer.engine.recipe import Recipe
from atm_viewer.engine.setting import chosen_bands, one_setting
from atm_viewer.engine.staging import saving, staged
from atm_viewer.resources import resource

Progress = Callable[[str, float], None]
Paths = Sequence[str | os.PathLike]

# What the pipeline drops from an oversampled exposure: it would have to be oversampled too, and nothing needs it.
_EXTRAS = (
    "area",
    "barshadow",
    "flatfield_point",
    "flatfield_uniform",
    "pathloss_point",
    "pathloss_uniform",
    "photom_point",
    "photom_uniform",
    "zeroframe",
)


def write_exposures(
    paths: Paths, recipe: Recipe, folder: str | os.PathLike, overwrite: bool = False, progress: Progress | None = None
) -> tuple[Path, ...]:
    """Write corrected exposures, ``<stem>_atm.fits`` each; all of them or none.

    Parameters
    ----------
    paths : sequence of path-like
        Exposures of one band, and associations.
    recipe : Recipe
        Parameters; they travel in the products.
    folder : path-like
        Where to; made when absent.
    overwrite : bool
        Whether files of these names may be there already.
    progress : callable, optional
        ``progress(step, fraction)``; may raise `Cancelled`.

    Returns
    -------
    tuple of Path
        Files written, in the order of the exposures.

    Raises
    ------
    InputError
        An exposure cannot be used, or two do not belong together.
    OutputError
        A file exists already, or ``folder`` cannot be written.
    """
    progress = progress or _quiet
    exposures = expand_inputs(paths)
    one_setting(exposures)
    names = _distinct_names(exposures)
    folder = Path(folder)
    provenance = Provenance(recipe, True, current_versions())
    with staged(folder, names, overwrite) as part:
        for k, (path, name) in enumerate(zip(exposures, names, strict=True)):
            here = _within(progress, k / len(exposures), (k + 1) / len(exposures))
            here(f"Opening {path.name}", 0.0)
            exposure = open_exposure(path)
            corrected = correct_exposure(exposure, recipe, _within(here, 0.3, 0.8))
            here(f"Writing {name}", 0.8)
            model = corrected_model(exposure.model, corrected)
            _save(model, part / name, provenance, [exposure.name])
            model.close()
        progress("Moving files into place", 1.0)
    return tuple(folder / name for name in names)


def write_cubes(
    paths: Paths,
    recipe: Recipe,
    folder: str | os.PathLike,
    product: str = "",
    which: str = "both",
    channel: str | None = None,
    cubepar: str | os.PathLike | None = None,
    overwrite: bool = False,
    progress: Progress | None = None,
) -> tuple[Path, ...]:
    """Write cubes by jwst's ``CubeBuildStep``, before and after correction; all of them or none.

    Parameters
    ----------
    paths : sequence of path-like
        Exposures of one band, which go into one cube per channel, and associations.
    recipe : Recipe
        Parameters; they travel in the products.
    folder : path-like
        Where to; made when absent.
    product : str
        Files are ``<product>_<band>_s3d.fits`` before and ``<product>-atm_<band>_s3d.fits`` after correction; empty
        takes `default_product`.
    which : {"before", "after", "both"}
        Which cubes.
    channel : str or None
        MIRI channel; None takes both of the exposures' channels.
    cubepar : path-like or None
        CUBEPAR reference file; None takes that of CRDS when the user has CRDS, else the one shipped.
    overwrite : bool
        Whether files of these names may be there already.
    progress : callable, optional
        ``progress(step, fraction)``; may raise `Cancelled`. While ``CubeBuildStep`` runs it is called once for
        each exposure and cube.

    Returns
    -------
    tuple of Path
        Files written: cubes before, then after, each in the order of bands.

    Raises
    ------
    InputError
        An exposure or ``cubepar`` cannot be used, two exposures do not belong together, or they lack the channel.
    OutputError
        A file exists already, or ``folder`` cannot be written.
    """
    progress = progress or _quiet
    exposures = expand_inputs(paths)
    setting = one_setting(exposures)
    bands = chosen_bands(setting, channel)
    product = product or default_product(paths)
    if not is_plain_name(product):
        raise OutputError(f"The product's name {product!r} must be a file name without folders; choose another.")
    if cubepar is not None:
        _check_cubepar(Path(cubepar), setting.instrument)
    stems = {False: product, True: f"{product}-atm"}
    kinds = {"before": [False], "after": [True], "both": [False, True]}[which]
    names = [f"{stems[after]}_{band}_s3d.fits" for after in kinds for band in bands]
    folder = Path(folder)
    versions = current_versions()

    with staged(folder, names, overwrite) as part:
        models, corrections = [], []
        for k, path in enumerate(exposures):
            here = _within(progress, 0.4 * k / len(exposures), 0.4 * (k + 1) / len(exposures))
            here(f"Opening {path.name}", 0.0)
            exposure = open_exposure(path)
            models.append(exposure.model)
            if which != "before":
                corrections.append(correct_exposure(exposure, recipe, _within(here, 0.5, 1.0)))
        parameters = _cubepar(models[0], setting.instrument, cubepar)
        for k, after in enumerate(kinds):
            begun, share = 0.4 + 0.6 * k / len(kinds), 0.6 / len(kinds)
            if after:
                progress("Putting corrected arrays into the exposures", begun)
                while corrections:
                    corrected_model(models[-len(corrections)], corrections.pop(0))
            here = _within(progress, begun + 0.1 * share, begun + 0.9 * share)
            step = f"Building cubes {'after' if after else 'before'} correction"
            provenance = Provenance(recipe, after, versions)
            with _watched(len(models) * len(bands), partial(here, step)):
                built = build_cubes(models, bands, stems[after], parameters, channel)
            for band, cube in zip(bands, built, strict=True):
                name = f"{stems[after]}_{band}_s3d.fits"
                progress(f"Writing {name}", begun + 0.9 * share)
                _save(cube, part / name, provenance, [exposure_name(p) for p in exposures])
                cube.close()
        for model in models:
            model.close()
        progress("Moving files into place", 1.0)
    return tuple(folder / name for name in names)


def corrected_model(model: Any, corrected: Corrected) -> Any:
    """Put a correction into an exposure's datamodel, as ``fit_and_oversample`` and its step leave it.

    Parameters
    ----------
    model : IFUImageModel
        The open exposure, changed in place together with its WCS.
    corrected : Corrected
        Its correction; with factor 1 only the trace model is attached, as the pipeline does.

    Returns
    -------
    IFUImageModel
        The same model.
    """
    from jwst.lib.pipe_utils import match_nans_and_flags

    model.trace_model = corrected.trace
    model.meta.cal_step.adaptive_trace_model = "COMPLETE"
    if corrected.oversample == 1:
        return model
    model.data = corrected.sci
    model.dq = corrected.dq
    model.err = corrected.err
    model.wavelength = corrected.wavelength
    model.regions = corrected.regions
    for name in ("var_poisson", "var_rnoise", "var_flat"):
        array = getattr(corrected, name)
        if array is not None:
            setattr(model, name, array)
    for name in _EXTRAS:
        if model.hasattr(name):
            setattr(model, name, None)
    model.meta.wcs = oversampled_wcs(model.meta.wcs, corrected.oversample)
    photometry = model.meta.photometry
    if photometry.pixelarea_steradians is not None:
        photometry.pixelarea_steradians /= corrected.oversample
    if photometry.pixelarea_arcsecsq is not None:
        photometry.pixelarea_arcsecsq /= corrected.oversample
    match_nans_and_flags(model)
    return model


def oversampled_wcs(wcs: Any, factor: int) -> Any:
    """WCS of an exposure whose pixels are divided along the slices.

    A transform from oversampled to detector pixels is put in front; bounding boxes are in oversampled pixels.

    Parameters
    ----------
    wcs : gwcs.WCS
        WCS of a MIRI MRS exposure, or of a NIRSpec IFU exposure in either style: with slices as inputs, or with a
        map of slices behind a frame ``coordinates``. Bounding boxes of the latter's map are changed in place.
    factor : int
        Oversampling factor.

    Returns
    -------
    gwcs.WCS
        Its first frame is ``coordinates``, by which ``cube_build`` knows an oversampled exposure.
    """
    import gwcs
    from astropy.modeling.models import Identity, Scale, Shift
    from gwcs.coordinate_frames import Frame2D

    shift = (factor - 1) / 2
    along = Scale(1 / factor) | Shift(-shift / factor)

    def fine(interval: Any) -> tuple[float, float]:
        low, high = interval
        return low * factor + shift, high * factor + shift

    frame = Frame2D(name="coordinates", axes_order=(0, 1))
    inputs: tuple[str, ...]
    if "alpha_beta" in wcs.available_frames:
        first, axis, inputs = along & Identity(1), 0, ("x", "y")
    elif "coordinates" in wcs.available_frames:
        for transform in wcs.pipeline[1].transform.selector.values():
            transform.bounding_box[1] = fine(transform.bounding_box[1])
        old = wcs.pipeline[0].transform
        first = Identity(1) & along | old
        first.name, first.inputs, first.outputs = old.name, old.inputs, old.outputs
        return gwcs.WCS([(wcs.pipeline[0].frame, first), *wcs.pipeline[1:]])
    else:
        first, axis, inputs = Identity(1) & along & Identity(1), 1, ("x", "y", "name")
    first.name, first.inputs, first.outputs = "coord2det", inputs, inputs
    new = gwcs.WCS([(frame, first), *wcs.pipeline])
    if (box := wcs.bounding_box) is None:
        return new
    if axis == 0:
        box[0] = fine(box[0])
        new.bounding_box = (box[0], box[1])
    else:
        for number in range(30):
            box[number][axis] = fine(box[number][axis])
        new.bounding_box = box
    return new


def build_cubes(models: Sequence[Any], bands: Sequence[str], product: str, cubepar: str, channel: str | None) -> list:
    """Build a cube per band with jwst's ``CubeBuildStep`` (drizzle, one band per cube, its defaults).

    Parameters
    ----------
    models : sequence of IFUImageModel
        Open exposures of one band; NaN and DO_NOT_USE are matched in place.
    bands : sequence of str
        Bands that the cubes are to have, in the pipeline's order.
    product : str
        Product's name.
    cubepar : str
        CUBEPAR file, with ``crds://`` in front when it is CRDS's.
    channel : str or None
        MIRI channel, None for all.

    Returns
    -------
    list of IFUCubeModel
        In the order of ``bands``.
    """
    from jwst import __version__
    from jwst.cube_build import CubeBuildStep
    from jwst.datamodels import ModelContainer

    class CubesOfOurModels(CubeBuildStep):
        def prepare_output(self, init: Any, **kwargs: Any) -> Any:
            """Take the models as they are: nobody else has them, so a deep copy would only cost memory."""
            return init

    container = ModelContainer(list(models))
    container.asn_table["products"][0]["name"] = product
    step = CubesOfOurModels(
        override_cubepar=cubepar.removeprefix("crds://"),
        weighting="drizzle",
        output_type="band",
        channel=channel or "all",
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        # Not run(): that asks CRDS for its context, and without CRDS ends the program.
        built = {cube.meta.filename.rpartition("_")[2]: cube for cube in step.process(container)}
    for cube in built.values():
        cube.meta.calibration_software_version = __version__
        cube.meta.ref_file.cubepar.name = f"crds://{Path(cubepar).name}" if cubepar.startswith("crds://") else cubepar
    return [built[band] for band in bands]


def _distinct_names(exposures: Sequence[Path]) -> list[str]:
    names: dict[str, Path] = {}
    for path in exposures:
        name = f"{exposure_name(path)}_atm.fits"
        if name in names:
            raise InputError(f"{names[name]} and {path} would both be written as {name}; give one of them at a time.")
        names[name] = path
    return list(names)


def _check_cubepar(path: Path, instrument: str) -> None:
    from astropy.io import fits

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            header = fits.getheader(path)
    except OSError as error:
        raise InputError(
            f"The cube parameters {path} cannot be read as FITS; give a CUBEPAR reference file."
        ) from error
    if str(header.get("REFTYPE", "")).upper() != "CUBEPAR" or header.get("INSTRUME") != instrument:
        raise InputError(f"{path} is not a CUBEPAR reference file for {instrument}; give another or none.")


def _cubepar(model: Any, instrument: str, given: str | os.PathLike | None) -> str:
    """CUBEPAR file: the user's, else of CRDS (marked ``crds://``), else the one shipped."""
    if given is not None:
        return str(given)
    return _crds_cubepar(model) or str(resource(f"cubepar/{instrument.lower()}_cubepar.fits"))


def _crds_cubepar(model: Any) -> str | None:
    if not (os.environ.get("CRDS_SERVER_URL") or os.environ.get("CRDS_PATH")):
        return None
    from stpipe import crds_client

    try:
        path = crds_client.get_reference_file(model.get_crds_parameters(), "cubepar", "jwst")
    except (Exception, SystemExit):  # crds exits when it has neither server nor cache
        return None
    return None if path == "N/A" else f"crds://{path}"


@contextmanager
def _watched(total: int, progress: Callable[[float], None]) -> Iterator[None]:
    """Tell progress while cubes are built: ``CubeBuildStep`` has none to ask, but logs each exposure it begins."""

    class Counter(logging.Handler):
        begun = 0

        def emit(self, record: logging.LogRecord) -> None:
            if str(record.msg).startswith("Working on Band"):
                self.begun += 1
                progress(min((self.begun - 1) / total, 1.0))

    progress(0.0)
    logger = logging.getLogger("jwst.cube_build.ifu_cube")
    level, counter = logger.level, Counter()
    logger.setLevel(logging.DEBUG)
    logger.addHandler(counter)
    try:
        yield
    finally:
        logger.removeHandler(counter)
        logger.setLevel(level)


def _save(model: Any, path: Path, provenance: Provenance, exposures: Sequence[str]) -> None:
    add_history(model, provenance, exposures)
    with saving(path), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        model.save(path)
        append_provenance(path, provenance)


def _within(progress: Progress, low: float, high: float) -> Progress:
    """Progress of a part of the work, as progress of the whole."""
    return lambda step, fraction: progress(step, low + (high - low) * fraction)


def _quiet(step: str, fraction: float) -> None:
    """Progress that nobody watches."""
