"""Pages about the results: a report per target, and the index of all."""

from __future__ import annotations

import io
import math
from collections.abc import Mapping, Sequence
from html import escape
from pathlib import Path
from typing import Any
from urllib.parse import quote

import numpy as np

from atm_viewer.batch.made import LOG, RECIPE, REPORT, THUMBNAIL, BandNoise, Record, files_of, table_mark, table_name
from atm_viewer.batch.programme import Target
from atm_viewer.batch.tasks import Plan
from atm_viewer.engine.recipe import dump_recipe
from atm_viewer.engine.whole_file import write_whole
from atm_viewer.html_page import Raw, figure, page, table

INDEX = "index.html"


def finish(
    target: Target,
    folder: Path,
    plan: Plan | None,
    measured: Sequence[Any],
    problems: Sequence[str],
    mark: str,
    versions: Mapping[str, str],
    seconds: float,
) -> Record:
    """Write the table of measured spaxels and the report of a target, when all else of it is made or has failed.

    Parameters
    ----------
    target : Target
        With the exposures that were used.
    folder : Path
        Its folder.
    plan : Plan or None
        What was to be made; None where it did not come to that.
    measured : sequence
        Measured spaxels of each band, None where that failed.
    problems : sequence of str
        A sentence for everything that failed.
    mark : str
        Fingerprint of the target.
    versions : mapping of str to str
        Of everything that took part.
    seconds : float
        Time that workers took so far.
    """
    folder.mkdir(parents=True, exist_ok=True)
    files: list[str] = []
    noise: tuple[BandNoise, ...] = ()
    pictures: list[str] = []
    if plan is not None:
        files = [name for name in plan.products if (folder / name).is_file()]
        rows = _table(target, folder, plan, measured, mark)
        files += [RECIPE, table_name(target)] if rows is not None else [RECIPE]
        noise = _noise(plan, rows)
        pictures = _pictures(target, folder, plan, rows)
        files += [THUMBNAIL] if pictures else []
    record = Record(
        "" if problems or plan is None else mark,
        *(len(target.exposures), files_of(folder, files), noise, tuple(problems), seconds),
    )
    parts = [f"<h1>{escape(target.name)}</h1>", '<p><a href="../index.html">All targets</a></p>']
    parts += [f"<p>{escape(one)}</p>" for one in (*target.notes, *(plan.notes if plan else ()))]
    if problems:
        parts += ["<h2>What failed</h2>", *(f"<p>{escape(one)}</p>" for one in problems)]
    if noise:
        shown = [(n.band, _percent(n.before), _percent(n.after), n.verdict) for n in noise]
        head = ("band", "noise before", "noise after", "brightest spaxel")
        parts += ["<h2>Noise</h2>", table(head, shown, (1, 2)), f"<p>{_NOISE}</p>"]
    parts += ["<h2>Figures</h2>", *pictures] if pictures else []
    parts += ["<h2>Exposures</h2>", table(("file",), [(str(path),) for path in target.exposures])]
    parts += ["<h2>Products</h2>", table(("file",), [(_link(name, name),) for name in [*files, LOG]])]
    if plan is not None:  # closed: a tuned one has a table for each slice of each exposure
        recipe = escape(dump_recipe(plan.recipe))
        parts += ["<h2>Recipe</h2>", f"<details><summary>{RECIPE}</summary><pre>{recipe}</pre></details>"]
    parts += ["<h2>Versions</h2>", table(("package", "version"), list(versions.items()))]
    write_whole(folder / REPORT, page(target.name, parts, record.as_meta()))
    return record


_NOISE = (
    "Resampling noise: 1.4826 times the median absolute deviation of spaxel / aperture from a cubic, relative to the "
    "flux."
)


def _table(target: Target, folder: Path, plan: Plan, measured: Sequence[Any], mark: str) -> Any:
    """Table of measured spaxels, written unless it is there already; None where nothing was measured."""
    from astropy.table import Table

    from atm_viewer.engine.output.metrics_table import metrics_meta, metrics_table

    path = folder / table_name(target)
    if plan.measured:
        return Table.read(path, format="ascii.ecsv")
    spaxels = [one for found in measured if found is not None for one in found]
    if not spaxels:
        return None
    rows = metrics_table(spaxels, ())
    rows.meta.update(metrics_meta([str(p) for p in target.exposures], plan.recipe, "5 spaxels", {}, 600.0))
    if all(found is not None for found in measured):  # else it is made again next time
        rows.meta["fingerprint"] = table_mark(mark, plan.recipe)
    text = io.StringIO()
    rows.write(text, format="ascii.ecsv")
    write_whole(path, text.getvalue())
    return rows


def _noise(plan: Plan, rows: Any) -> tuple[BandNoise, ...]:
    found = []
    for band in plan.bands:
        row = _brightest(rows, band)
        if row is not None:
            before, after = (float(row[name]) / 100 for name in ("noise_before", "noise_after"))
            found.append(BandNoise(band, before, after, str(row["verdict"])))
    return tuple(found)


def _brightest(rows: Any, band: str) -> Any:
    return None if rows is None else next((row for row in rows if row["band"] == band), None)


def _pictures(target: Target, folder: Path, plan: Plan, rows: Any) -> list[str]:
    """Figures of all bands; the image of the first one becomes the thumbnail."""
    from matplotlib.figure import Figure

    from atm_viewer.engine.references.cube_file import read_cube

    made: list[str] = []
    for one in plan.jobs:
        for band in one.job.group.bands:
            paths = [folder / one.job.name(after, band) for after in (False, True)]
            if not all(path.is_file() for path in paths):
                continue
            drawn = Figure(figsize=(11, 3.2), layout="constrained")
            images = drawn.subplots(1, 3, width_ratios=(1, 1, 2.6))
            row = _brightest(rows, band)
            for k, path in enumerate(paths):
                cube = read_cube(path)
                image = _white(cube.flux)
                if not made and k:
                    write_whole(folder / THUMBNAIL, _thumbnail(image))
                images[k].imshow(image, origin="lower", cmap="viridis")
                images[k].set_title(("before", "after")[k], fontsize=9)
                images[k].set_axis_off()
                if row is not None:
                    place = cube.spaxel_at(float(row["ra"]), float(row["dec"]))
                    if place is not None:
                        colour, label = (("0.6", "before"), ("C0", "after"))[k]
                        flux = cube.flux[:, place[1], place[0]]
                        images[2].plot(cube.wavelength, flux, color=colour, linewidth=0.8, label=label)
                        images[k].plot(*place, "r+")
                images[2].set(xlabel="wavelength [µm]", ylabel=cube.unit)
            if row is not None:
                images[2].legend(fontsize=8)
            caption = f"{band}: images before and after correction, and spectra of the brightest spaxel"
            made.append(figure(caption, _png(drawn, 100), 900))
    return made


def _white(flux: np.ndarray) -> np.ndarray:
    """Root of the mean image, with limits that a few outliers do not move."""
    known = np.isfinite(flux)
    count = known.sum(axis=0)
    image: np.ndarray = np.where(known, flux, 0).sum(axis=0) / np.maximum(count, 1)
    image[count == 0] = np.nan
    if (count > 0).any():
        low, high = np.nanpercentile(image, (1.0, 99.8))
        image = np.sqrt(np.clip(image, low, high) - low)
    return image


def _thumbnail(image: np.ndarray) -> bytes:
    from matplotlib.figure import Figure

    drawn = Figure(figsize=(0.8, 0.8))
    axes = drawn.add_axes((0.0, 0.0, 1.0, 1.0))
    axes.imshow(image, origin="lower", cmap="viridis")
    axes.set_axis_off()
    return _png(drawn, 100)


def _png(drawn: Any, dpi: int) -> bytes:
    file = io.BytesIO()
    drawn.savefig(file, format="png", dpi=dpi)
    return file.getvalue()


def write_index(folder: Path, states: Sequence[tuple[str, str, Record | None, Sequence[str]]], words: str) -> None:
    """Write the index of all targets.

    Parameters
    ----------
    folder : Path
        Where to; the targets' folders are in it.
    states : sequence of (str, str, Record or None, sequence of str)
        Name of each target, how far it is, its record once it has a report, and what has failed.
    words : str
        Sentence about the run as a whole.
    """
    rows = []
    for name, state, record, problems in states:
        here = quote(name)
        thumbnail = Raw("")
        if record is not None and THUMBNAIL in record.files:
            thumbnail = Raw(
                f'<a href="{here}/{REPORT}"><img src="{here}/{THUMBNAIL}" width="64" height="64" alt=""></a>'
            )
        noise = (
            max(record.noise, key=lambda n: n.before if math.isfinite(n.before) else -1)
            if record and record.noise
            else None
        )
        rows.append(
            (
                thumbnail,
                _link(name, f"{name}/{REPORT}") if (folder / name / REPORT).is_file() else name,
                state,
                record.exposures if record is not None else "",
                noise.band if noise else "",
                _percent(noise.before) if noise else "",
                _percent(noise.after) if noise else "",
                noise.verdict if noise else "",
                " ".join(problems),
            )
        )
    head = ("", "target", "state", "exposures", "band", "noise before", "noise after", "verdict", "what failed")
    title = "Adaptive trace model: all targets"
    about = "Noise is that of the brightest spaxel, in the band where it is largest before correction."
    parts = [f"<h1>{title}</h1>", f"<p>{escape(words)}</p>", table(head, rows, (3, 5, 6)), f"<p>{about}</p>"]
    write_whole(folder / INDEX, page(title, parts, "<style>body { max-width: 90em }</style>"))


def _link(text: str, path: str) -> Raw:
    return Raw(f'<a href="{quote(path)}">{escape(text)}</a>')


def _percent(value: float) -> str:
    return f"{100 * value:.2f} %" if math.isfinite(value) else "–"
