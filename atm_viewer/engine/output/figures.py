"""Publication figures of remedies, as PDF, SVG or PNG, with all parameters in the file's metadata.

Drawn by matplotlib without its global state: no ``pyplot``, no display.
"""

from __future__ import annotations

import io
import json
import textwrap
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from atm_viewer import __version__
from atm_viewer.engine.analysis.modulation import relative
from atm_viewer.engine.errors import InputError
from atm_viewer.engine.output.provenance import current_versions
from atm_viewer.engine.output.staging import saving, staged
from atm_viewer.engine.recipe import Recipe, dump_recipe
from atm_viewer.engine.results.remedy import AFTER, APERTURE, BEFORE, UNDER, Remedy, RemedyCurve, RemedyPlot
from atm_viewer.engine.results.spectra import SpaxelSpectra

KINDS = (".pdf", ".svg", ".png")

#: Okabe and Ito's colours from blue to purple, dark enough for paper.
_SERIES = ("#0072b2", "#009e73", "#c98a00", "#d55e00", "#a0529b")
_ROLES = {APERTURE: "#000000", UNDER: "#b4b4b4", BEFORE: "#7c8593", AFTER: "#0072b2"}
_WIDTH = 7.1  #: two columns of a journal [inch]
_LETTERS = 15.0  #: of a title, per inch
_TWO_COLUMNS = 2.5  #: width of a panel whose legend has two columns [inch]
#: Of all figures, for `matplotlib.rc_context`.
STYLE: dict[Any, Any] = {
    **{"font.size": 8, "axes.linewidth": 0.6, "axes.labelsize": 8, "axes.titlesize": 8.5, "legend.fontsize": 7},
    **{"xtick.direction": "in", "ytick.direction": "in", "xtick.top": True, "ytick.right": True},
    **{"pdf.fonttype": 42, "svg.fonttype": "none"},
}


def write_figure(
    remedy: Remedy, path: str | Path, recipe: Recipe, exposures: Sequence[str], overwrite: bool = False
) -> Path:
    """Write a figure; it appears whole or not at all.

    Parameters
    ----------
    remedy : Remedy
        What is drawn.
    path : path-like
        File; its ending says the format.
    recipe : Recipe
        Of the correction.
    exposures : sequence of str
        Names of the files behind it.
    overwrite : bool
        Whether the file may be there already.

    Returns
    -------
    Path

    Raises
    ------
    InputError
        The ending is none of `KINDS`.
    OutputError
        The file cannot be written, or is there already.
    """
    import matplotlib as mpl

    path = Path(path)
    kind = path.suffix.lower()
    if kind not in KINDS:
        raise InputError(f"{path.name} must end in .pdf, .svg or .png.")
    with staged(path.parent, [path.name], overwrite) as part, mpl.rc_context(STYLE):
        figure = draw(remedy)
        made = part / path.name
        with saving(made):
            figure.savefig(made, format=kind[1:], dpi=300, metadata=_metadata(kind, remedy, recipe, exposures))
    return path


def parameters(remedy: Remedy, recipe: Recipe, exposures: Sequence[str]) -> dict[str, Any]:
    """Everything behind a figure, as its file tells it."""
    rows = [[None if isinstance(v, float) and not np.isfinite(v) else v for v in row] for row in remedy.rows]
    return {
        "figure": remedy.kind,
        "exposures": [Path(name).name for name in exposures],
        "parameters": remedy.settings,
        "recipe": dump_recipe(recipe),
        "versions": current_versions(),
        "columns": list(remedy.columns),
        "rows": rows,
        "note": remedy.note,
    }


def draw(remedy: Remedy) -> Any:
    """Draw a remedy as a matplotlib ``Figure``."""
    from matplotlib.figure import Figure

    rows = max(p.row for p in remedy.plots) + 1
    columns = max(p.column + p.columns for p in remedy.plots)
    figure = Figure(figsize=(_WIDTH, 0.3 + 3.3 * rows), layout="constrained")
    grid = figure.add_gridspec(rows, columns)
    first: dict[tuple[int, str], Any] = {}
    for plot in remedy.plots:
        # Panels beside each other are to be compared, so they have one scale.
        shared = first.get((plot.row, plot.y_name))
        axes = figure.add_subplot(grid[plot.row, plot.column : plot.column + plot.columns], sharey=shared)
        first.setdefault((plot.row, plot.y_name), axes)
        _draw_plot(axes, plot, shared is None, _WIDTH * plot.columns / columns)
    return figure


def spectra_picture(spectra: SpaxelSpectra) -> bytes:
    """Draw a spaxel before and after correction, and its ratio to the aperture, as a PNG file."""
    import matplotlib as mpl

    wave = spectra.wavelength
    both = ((spectra.before, spectra.aperture_before, BEFORE), (spectra.after, spectra.aperture_after, AFTER))
    flux = tuple(RemedyCurve(wave, spaxel, role, role) for spaxel, _, role in both)
    ratio = tuple(RemedyCurve(wave, relative(spaxel, aperture), role) for spaxel, aperture, role in both)
    axis = "wavelength", "µm"
    plots = (
        RemedyPlot(f"{spectra.band}, spaxel {spectra.spaxel}", 0, 0, *axis, "flux", spectra.unit, flux),
        RemedyPlot("spaxel / aperture", 0, 1, *axis, "ratio, normalised", "", ratio),
    )
    store = io.BytesIO()
    with mpl.rc_context(STYLE):
        draw(Remedy("spectra", spectra.band, plots, (), ())).savefig(store, format="png", dpi=120)
    return store.getvalue()


def _draw_plot(axes: Any, plot: RemedyPlot, labelled: bool, width: float) -> None:
    """Draw a panel; ``width`` is what it has of the figure [inch]."""
    for curve in plot.curves:
        axes.plot(curve.x, curve.y, **_style(curve), label=curve.label or "_nolegend_")
    axes.set_title(textwrap.fill(plot.title, int(width * _LETTERS)))
    axes.set_xlabel(_label(plot.x_name, plot.x_unit))
    if labelled:
        axes.set_ylabel(_label(plot.y_name, plot.y_unit))
    else:
        axes.tick_params(labelleft=False)
    spectra = plot.x_name == "wavelength"
    if spectra:
        known = [c.x[np.isfinite(c.y)] for c in plot.curves if np.isfinite(c.y).any()]
        if known:
            axes.set_xlim(min(k.min() for k in known), max(k.max() for k in known))
    else:
        axes.set_ylim(bottom=0.0)
    whole = all(float(v).is_integer() for c in plot.curves for v in c.x)
    if whole:
        axes.set_xticks(sorted({int(v) for c in plot.curves for v in c.x}))
    if labelled and any(c.label for c in plot.curves):
        count = sum(bool(c.label) for c in plot.curves)
        columns = 2 if width > _TWO_COLUMNS else 1
        if spectra:  # above the spectra: there is no free room among them
            low, high = axes.get_ylim()
            axes.set_ylim(low, high + (high - low) * (0.02 + 0.055 * -(-count // columns)))
        axes.legend(
            **{"loc": "upper left", "ncols": columns, "columnspacing": 1.0} if spectra else {"loc": "best"},
            frameon=False,
            handlelength=1.4,
        )


def _style(curve: RemedyCurve) -> dict[str, Any]:
    colour = _ROLES[curve.role] if isinstance(curve.role, str) else _series(curve.role)
    if curve.points:
        return {"color": colour, "linestyle": "none", "marker": "o", "markersize": 3.5, "alpha": 0.6}
    few = np.size(curve.x) < 30
    return {"color": colour, "linewidth": 1.0 if few else 0.6, "marker": "o" if few else "", "markersize": 4}


def _series(place: float) -> Any:
    from matplotlib.colors import LinearSegmentedColormap

    return LinearSegmentedColormap.from_list("ranks", _SERIES)(place)


def _label(name: str, unit: str) -> str:
    return f"{name} [{unit}]" if unit else name


def _metadata(kind: str, remedy: Remedy, recipe: Recipe, exposures: Sequence[str]) -> dict[str, str]:
    """Each format has keys of its own; the one that is free text takes the parameters as JSON."""
    text = json.dumps(parameters(remedy, recipe, exposures))
    about = {".pdf": "Subject", ".svg": "Description", ".png": "Description"}[kind]
    maker = "Software" if kind == ".png" else "Creator"
    return {"Title": remedy.title, about: text, maker: f"ATM Viewer {__version__}"}
