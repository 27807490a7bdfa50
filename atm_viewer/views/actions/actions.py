"""Every action of the window as one table: menus, shortcuts, tooltips and when they make sense."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from PyQt6.QtGui import QKeySequence

from atm_viewer.session.edits.scope import Scope
from atm_viewer.session.session import Session
from atm_viewer.session.state.groups import grouped
from atm_viewer.session.state.remedy_choice import has_fringes
from atm_viewer.session.state.sky_choice import BLINK, DIFFERENCE, RATIO, SWIPE
from atm_viewer.views.actions.action_info import ActionInfo, always
from atm_viewer.views.base.scale import PERCENT
from atm_viewer.views.exposures.same_position import toggle_dithers


def _open(session: Session) -> bool:
    return session.state.current is not None


def _shifted(session: Session) -> bool:
    return session.answers.shifts is not None


def _has_offsets(session: Session) -> bool:
    return bool(session.state.recipe.cube.offsets)


def _placed(session: Session) -> bool:
    return session.state.places.current is not None


def _fringes(session: Session) -> bool:
    return has_fringes(session.state.band)


def _several_bands(session: Session) -> bool:
    return len(session.state.bands) > 1


def _several_groups(session: Session) -> bool:
    return len(grouped(session.state.exposures)) > 1


def _several_places(session: Session) -> bool:
    return session.state.places.several


def _included(session: Session) -> bool:
    return bool(session.state.together)


def _panel(name: str, key: str, tip: str) -> ActionInfo:
    enabled = always if name == "log" else _open
    return ActionInfo(
        f"panel_{name}", "View/Panels", name.capitalize(), tip, key, enabled, ticked=True,
        does=lambda window: window.toggle_panel(name),
    )  # fmt: skip


def _layout(name: str, text: str, tip: str, key: str = "") -> ActionInfo:
    return ActionInfo(
        f"layout_{name}", "View/Layout", text, tip, key, _open, does=lambda window: window.use_layout(name)
    )


def _scale(percent: int) -> ActionInfo:
    return ActionInfo(
        f"scale_{percent}", "View/Size", f"{percent} %", "Use this size after restart",
        group="scale", does=lambda window: window.scale.choose(percent),
    )  # fmt: skip


def _sky(name: str, text: str, tip: str, key: str, does: Callable[[Any], None]) -> ActionInfo:
    return ActionInfo(f"sky_{name}", "View/Sky", text, tip, key, _open, does=lambda window: does(window.sky))


#: What can be switched in the spectra, by its name in `SpectrumSettings`: text, tip, keys.
SPECTRUM_SWITCHES = {
    "log": ("Logarithmic Flux", "Show the flux of the spectra on a logarithmic axis, or a linear one", "Y"),
    "rf1d": (
        "Residual Fringe Removal",
        "Show the spectra of MIRI without residual fringes (RF1D), for display only, or as they are",
        "Ctrl+Alt+F",
    ),
    "all_bands": (
        "All Bands",
        "Show the spectra of the active place in all open bands, one colour per band, or those of one band",
        "Ctrl+Alt+B",
    ),
    "predicted": (
        "Predicted Curve",
        "Show or hide what geometry predicts before correction, faint in the ratio panel of the spectra",
        "Ctrl+Alt+U",
    ),
}


def _switch(name: str, text: str, tip: str, key: str) -> ActionInfo:
    enabled = {"rf1d": _fringes, "all_bands": _several_bands}.get(name, _open)
    return ActionInfo(
        f"spectrum_{name}", "View/Spectrum", text, tip, key, enabled, ticked=True,
        does=lambda window: window.session.look.toggle_spectrum(name),
    )  # fmt: skip


def _regions(session: Session) -> bool:
    return bool(session.state.recipe.regions)


def _region_selected(session: Session) -> bool:
    return session.state.selected_region is not None


def _draw(window: Any, kind: str) -> None:
    window.sky.draw_region(kind)


def _region(
    name: str, text: str, tip: str, key: str, does: Callable[[Any], None], enabled: Callable[[Session], bool] = _regions
) -> ActionInfo:
    return ActionInfo(name, "Regions", text, tip, key, enabled, does=does)


def _several_settings(session: Session) -> bool:
    return session.state.several_settings


def _scope(scope: Scope, text: str, tip: str, enabled: Callable[[Session], bool] = _open) -> ActionInfo:
    return ActionInfo(
        f"scope_{scope}", "Edit/Apply Slice Edits To", text, tip, "", enabled, group="scope",
        does=lambda window: window.session.recipes.set_scope(scope),
    )  # fmt: skip


def _several(session: Session) -> bool:
    return session.state.variants.several


def _variant(
    name: str, text: str, tip: str, key: str, does: Callable[[Any], None], enabled: Callable[[Session], bool] = _several
) -> ActionInfo:
    return ActionInfo(f"{name}_variant", "Variants", text, tip, key, enabled, does=lambda window: does(window))


def _measure(kind: str, text: str, tip: str, key: str) -> ActionInfo:
    return ActionInfo(f"show_{kind}", "View/Metrics", text, tip, key, _open, does=lambda window: window.measure(kind))


SEPARATOR = None

ACTIONS: tuple[ActionInfo | None, ...] = (
    ActionInfo("open", "File", "Open…", "Open calibrated exposures (_cal, _crf) or an association (_asn)", "Ctrl+O"),
    ActionInfo("open_recent", "File", "Open Recent", "Reopen a recent file"),
    ActionInfo(
        "open_demo", "File", "Open Demo", "Open four synthetic MIRI MRS exposures (created on first use)", "Ctrl+D"
    ),
    ActionInfo(
        "open_nirspec_demo",
        "File",
        "Open NIRSpec Demo",
        "Open four synthetic NIRSpec IFU exposures (created on first use)",
        "Ctrl+Alt+N",
    ),
    ActionInfo(
        "open_references",
        "File",
        "Open Reference…",
        "Open cubes (_s3d) or extracted spectra (_x1d) of any origin to compare the exposures with",
        "Ctrl+Alt+O",
    ),
    ActionInfo(
        "close_references",
        "File",
        "Close References",
        "Close all cubes and extracted spectra that the exposures are compared with; Undo opens them again",
        "Ctrl+Alt+X",
        lambda s: bool(s.state.references),
    ),
    ActionInfo("close_exposure", "File", "Close Exposure", "Close the chosen exposure", "Ctrl+W", _open),
    ActionInfo(
        "close_group",
        "File",
        "Close Group",
        "Close all exposures of the chosen one's setting and detector; the recipe stays",
        "Ctrl+Alt+Shift+W",
        _several_groups,
    ),
    ActionInfo("close_all", "File", "Close All", "Close all exposures; the recipe stays", "Ctrl+Alt+W", _open),
    SEPARATOR,
    ActionInfo(
        "open_session",
        "File",
        "Open Session…",
        "Open a saved session: exposures, recipe, places on the sky and views",
        "Ctrl+Shift+O",
    ),
    ActionInfo(
        "save_session",
        "File",
        "Save Session",
        "Save exposures, recipe, places on the sky and views to a file",
        "Ctrl+S",
    ),
    ActionInfo("save_session_as", "File", "Save Session As…", "Save the session to another file", "Ctrl+Shift+S"),
    SEPARATOR,
    ActionInfo("load_recipe", "File", "Load Recipe…", "Load defaults and overrides from a TOML file", "Ctrl+Shift+L"),
    ActionInfo("save_recipe", "File", "Save Recipe", "Save the recipe to its TOML file", "Ctrl+Shift+R"),
    ActionInfo("save_recipe_as", "File", "Save Recipe As…", "Save the recipe to another TOML file", "Ctrl+Alt+Shift+R"),
    SEPARATOR,
    ActionInfo(
        "write_cubes",
        "File",
        "Write Cubes…",
        "Build s3d cubes from the included exposures, before and after correction",
        "Ctrl+E",
        _included,
    ),
    ActionInfo(
        "write_exposures",
        "File",
        "Write Corrected Exposures…",
        "Write the included exposures after correction, oversampled, as input for cube_build",
        "Ctrl+Shift+E",
        _included,
    ),
    ActionInfo(
        "run_on_cluster",
        "File",
        "Run on a Cluster…",
        "Correct the exposures of many targets with this recipe, by Dask, with a report per target",
        "Ctrl+Alt+Shift+E",
    ),
    ActionInfo(
        "export_recipe",
        "File/Export",
        "Pipeline Call or Script…",
        "Write a calwebb_spec3 call or a Python script that reproduces the result",
        "Ctrl+Alt+E",
        _included,
    ),
    ActionInfo(
        "export_spectra",
        "File/Export",
        "Spectra…",
        "Write the spectra of all places and variants as ECSV or FITS tables for specutils",
        "Ctrl+Alt+S",
        lambda s: s.answers.spectra is not None,
    ),
    ActionInfo(
        "export_picture",
        "File/Export",
        "Picture of Panel…",
        "Write the plots of a panel as PNG, SVG or PDF",
        "Ctrl+Alt+I",
        _included,
    ),
    ActionInfo(
        "export_report",
        "File/Export",
        "Report…",
        "Write one page (HTML or PDF) with parameters, noise values, figures, exposures and versions",
        "Ctrl+Alt+R",
        _included,
    ),
    ActionInfo(
        "send_file",
        "File/Export",
        "Send to Another Program…",
        "Send spectra, the sky image or a cube to DS9, TOPCAT or another program through SAMP",
        "Ctrl+Shift+D",
        _included,
    ),
    ActionInfo(
        "save_figure",
        "File",
        "Save Figure…",
        "Save the figure of the current Remedies tab for a publication",
        "Ctrl+Shift+F",
        _placed,
        does=lambda window: window.remedies.save_figure(),
    ),
    ActionInfo(
        "clear_cache",
        "File",
        "Clear Coordinate Cache",
        "Clear the coordinate cache (files open more slowly next time)",
        "Ctrl+Alt+K",
    ),
    ActionInfo("cancel_all", "File", "Cancel All Jobs", "Cancel all running jobs", "Ctrl+.", lambda s: bool(s.jobs)),
    SEPARATOR,
    ActionInfo("quit", "File", "Quit", "Close the window", "Ctrl+Q"),
    ActionInfo("undo", "Edit", "Undo", "Undo the last change of the recipe", "Ctrl+Z"),
    ActionInfo("redo", "Edit", "Redo", "Redo the change that was undone", "Ctrl+Shift+Z; Ctrl+Y"),
    SEPARATOR,
    ActionInfo(
        "copy_to_neighbours",
        "Edit",
        "Copy to Neighbours…",
        "Copy the chosen slice's overrides to its neighbours on the sky",
        "Ctrl+Shift+C",
        _open,
    ),
    ActionInfo(
        "apply_to_all_exposures",
        "Edit",
        "Apply to All Dithers",
        "Apply this exposure's overrides of the selected slices to all exposures",
        "Ctrl+Shift+A",
        _open,
    ),
    ActionInfo(
        "keep_to_this_exposure",
        "Edit",
        "Limit to This Dither",
        "Limit the overrides of the selected slices to this exposure",
        "Ctrl+Shift+X",
        _open,
    ),
    ActionInfo(
        "reset_slice", "Edit", "Reset Slices", "Remove all overrides of the selected slices", "Ctrl+Backspace", _open
    ),
    ActionInfo(
        "reset_all",
        "Edit",
        "Reset All",
        "Remove all overrides and restore the pipeline's defaults",
        "Ctrl+Shift+Backspace",
    ),
    SEPARATOR,
    ActionInfo(
        "tune_recipe",
        "Edit",
        "Tune Recipe",
        "Make a new variant that uses the spline of each slice where it errs less than interpolation",
        "Ctrl+Shift+T",
        _open,
        does=lambda window: window.session.tuner.tune(),
    ),
    ActionInfo(
        "tune_slices",
        "Edit",
        "Tune Selected Slices",
        "Make a new variant in which only the selected slices are tuned",
        "Ctrl+Alt+Shift+T",
        _open,
    ),
    ActionInfo(
        "align_exposures",
        "Edit",
        "Align Exposures",
        "Shift exposures in images, spectra and cubes so that all have their brightest source at one place",
        "Ctrl+Alt+A",
        _shifted,
        does=lambda window: window.session.recipes.align_exposures(),
    ),
    ActionInfo(
        "clear_offsets",
        "Edit",
        "Remove Offsets of Exposures",
        "Put exposures back to where their WCS has them",
        "Ctrl+Alt+Shift+A",
        _has_offsets,
        does=lambda window: window.session.recipes.clear_offsets(),
    ),
    SEPARATOR,
    ActionInfo(
        "raise_threshold",
        "Edit",
        "Raise Threshold",
        "Raise the chosen slice's fit_threshold by 10 %",
        "Alt+PgUp",
        _open,
    ),
    ActionInfo(
        "lower_threshold",
        "Edit",
        "Lower Threshold",
        "Lower the chosen slice's fit_threshold by 10 %",
        "Alt+PgDown",
        _open,
    ),
    _scope(Scope.PLACE, "Slices Under the Place", "Edit the slices that see the active place, in every dither"),
    _scope(Scope.NUMBER, "Slice Number in All Exposures", "Edit the slices of this number in all exposures"),
    _scope(
        Scope.BAND,
        "Slice Number in This Band",
        "Edit the slices of this number in the exposures of their band only: numbers repeat in every MRS setting",
        _several_settings,
    ),
    _scope(Scope.SLICE, "This Slice Only", "Edit the slice of the chosen exposure only"),
    ActionInfo(
        "next_scope",
        "Edit/Apply Slice Edits To",
        "Next Choice",
        "Change which slices are edited by the table and the profile",
        "Ctrl+T",
        _open,
    ),
    ActionInfo("filter_slices", "Edit", "Filter Slices", "Filter the slice table", "Ctrl+F", _open),
    *(
        _region(
            f"draw_{kind}",
            f"Draw {kind.capitalize()}",
            f"Draw {article} {kind} on the sky image: the spline is used there in every dither",
            key,
            partial(_draw, kind=kind),
            _open,
        )
        for kind, article, key in (("circle", "a", "R"), ("ellipse", "an", "E"), ("polygon", "a", "P"))
    ),
    SEPARATOR,
    _region(
        "next_region",
        "Next Region",
        "Select the next region of the recipe",
        "Shift+R",
        lambda window: window.session.regions.select_next(),
    ),
    _region(
        "region_up",
        "Move Up",
        "Move the selected region up in the list; later regions win over earlier ones",
        "Ctrl+Shift+Up",
        lambda window: window.session.regions.step(-1),
        _region_selected,
    ),
    _region(
        "region_down",
        "Move Down",
        "Move the selected region down in the list; later regions win",
        "Ctrl+Shift+Down",
        lambda window: window.session.regions.step(1),
        _region_selected,
    ),
    _region(
        "tune_region",
        "Tune Region",
        "Make a new variant in which only the slices that see the selected region are tuned, in every dither",
        "Ctrl+Alt+Y",
        lambda window: window.session.tuner.tune_region(),
        _region_selected,
    ),
    _region(
        "remove_region",
        "Delete Region",
        "Delete the selected region; Undo restores it",
        "Ctrl+Shift+Del",
        lambda window: window.session.regions.remove(),
        _region_selected,
    ),
    SEPARATOR,
    _region(
        "import_regions",
        "Import DS9 Regions…",
        "Add the regions of a DS9 region file to the recipe",
        "Ctrl+Shift+G",
        lambda window: window.files.import_regions(),
        always,
    ),
    _region(
        "export_regions",
        "Export DS9 Regions…",
        "Write the recipe's regions to a DS9 region file",
        "Ctrl+Alt+G",
        lambda window: window.files.export_regions(),
    ),
    _variant(
        "new",
        "New Variant",
        "Copy the active variant to a new one and edit the copy",
        "Ctrl+N",
        lambda window: window.session.recipes.new_variant(),
        _open,
    ),
    _variant(
        "next",
        "Next Variant",
        "Activate the next variant",
        "V",
        lambda window: window.session.recipes.step_variant(1),
    ),
    _variant(
        "previous",
        "Previous Variant",
        "Activate the previous variant",
        "Shift+V",
        lambda window: window.session.recipes.step_variant(-1),
    ),
    _variant(
        "label",
        "Label Variant…",
        "Label the active variant",
        "Ctrl+Shift+N",
        lambda window: window.variant_bar.ask_label(window.session.state.variants.active),
        _open,
    ),
    _variant(
        "adopt",
        "Adopt Variant",
        "Keep only the active variant; Undo restores the others",
        "Ctrl+Return",
        lambda window: window.session.recipes.adopt_variant(window.session.state.variants.active),
    ),
    _variant(
        "discard",
        "Discard Variant",
        "Delete the active variant; Undo restores it",
        "Ctrl+Del",
        lambda window: window.session.recipes.discard_variant(window.session.state.variants.active),
    ),
    ActionInfo("next_slice", "View", "Next Slice", "Show the slice with the next number", "Alt+Down", _open),
    ActionInfo("previous_slice", "View", "Previous Slice", "Show the slice with the previous number", "Alt+Up", _open),
    ActionInfo(
        "next_column",
        "View",
        "Next Column",
        "Show the next column (element along the dispersion direction)",
        "Alt+Right",
        _open,
    ),
    ActionInfo(
        "previous_column",
        "View",
        "Previous Column",
        "Show the previous column (element along the dispersion direction)",
        "Alt+Left",
        _open,
    ),
    ActionInfo(
        "next_exposure",
        "View",
        "Next Exposure",
        "Show the next exposure; if the chosen slice contains the spaxel, stay at its position",
        "Ctrl+PgDown",
        _open,
        does=lambda window: window.session.pointer.step_exposure(1),
    ),
    ActionInfo(
        "previous_exposure",
        "View",
        "Previous Exposure",
        "Show the previous exposure; if the chosen slice contains the spaxel, stay at its position",
        "Ctrl+PgUp",
        _open,
        does=lambda window: window.session.pointer.step_exposure(-1),
    ),
    ActionInfo(
        "next_group",
        "View",
        "Next Group",
        "Show the exposure of the next setting or detector with the same dither",
        "Ctrl+Alt+PgDown",
        _several_groups,
    ),
    ActionInfo(
        "next_feeding",
        "View",
        "Next Slice of the Spaxel",
        "Show the next slice that feeds the active spaxel; after the last one of an exposure, those of the next dither",
        "S",
        _placed,
        does=lambda window: window.session.pointer.step_feeding(1),
    ),
    ActionInfo(
        "previous_feeding",
        "View",
        "Previous Slice of the Spaxel",
        "Show the previous slice that feeds the active spaxel, through all dithers",
        "Shift+S",
        _placed,
        does=lambda window: window.session.pointer.step_feeding(-1),
    ),
    ActionInfo(
        "centre_spaxel",
        "View",
        "Centre Spaxel Here",
        "Move the spaxel to the sky position under the mouse (also: double-click the detector)",
        "C",
        _open,
        does=lambda window: window.session.pointer.centre_spaxel(),
    ),
    ActionInfo(
        "show_dithers",
        "View",
        "Same Position in Other Dithers",
        "List slice and pixel of the cursor's position, or else the spaxel's, in every open exposure",
        "W",
        _open,
        does=lambda window: toggle_dithers(window.session, window),
    ),
    ActionInfo(
        "add_place",
        "View/Places",
        "Add Place",
        "Add a place under the mouse, or else beside the active place (also: Shift+click the sky image)",
        "Ctrl+M",
        _placed,
        does=lambda window: window.session.pointer.add_place(),
    ),
    ActionInfo(
        "next_place",
        "View/Places",
        "Next Place",
        "Activate the next place; clicks and arrow keys move the active place",
        "Ctrl+Shift+M",
        _several_places,
        does=lambda window: window.session.look.set_places(window.session.state.places.stepped(1)),
    ),
    ActionInfo(
        "remove_place",
        "View/Places",
        "Remove Place",
        "Remove the active place",
        "Ctrl+Alt+M",
        _several_places,
        does=lambda window: window.session.look.set_places(
            window.session.state.places.removed(window.session.state.places.active)
        ),
    ),
    ActionInfo(
        "spectrum_options",
        "View/Spectrum",
        "Spectrum Options",
        "Show or hide, beside the spectra: units, axis, redshift, lines, panels, reference, smoothing, masks, errors",
        "Ctrl+U",
        _placed,
        does=lambda window: window.spectrum.show_options(),
    ),
    ActionInfo(
        "zoom_box",
        "View/Spectrum",
        "Zoom Box",
        "Draw a box in the spectra to zoom into it; sideways, a range of wavelengths (also: Shift+drag)",
        "Z",
        _placed,
        ticked=True,
        does=lambda window: window.spectrum.zoom_button.toggle(),
    ),
    *(_switch(name, *about) for name, about in SPECTRUM_SWITCHES.items()),
    ActionInfo("next_band", "View", "Next Band", "Show sky image and spectra of the next band", "Ctrl+B", _open),
    ActionInfo("fit_views", "View", "Fit", "Fit the focused plot, or all plots", "Ctrl+0", _open),
    ActionInfo(
        "play_columns",
        "View",
        "Play Columns",
        "Play through the slice's columns up to the last one, or stop",
        "Alt+P",
        _open,
        does=lambda window: window.profile.play_button.toggle(),
    ),
    ActionInfo(
        "show_why",
        "View",
        "Why Map",
        "Show on detector and sky where the spline is used, and why not elsewhere",
        "Ctrl+Shift+W",
        _open,
    ),
    ActionInfo(
        "show_lost",
        "View",
        "Lost Planes",
        "Hatch the spaxels of the sky image that lose planes by the correction, and count them",
        "Shift+L",
        _open,
        ticked=True,
        does=lambda window: window.coverage_overlay.button.toggle(),
    ),
    ActionInfo(
        "refresh", "View", "Recompute", "Recompute everything that is visible, for example after a failure", "F5", _open
    ),
    _sky(
        "flip",
        "Before or After",
        "Switch the sky image between before and after correction",
        "A",
        lambda sky: sky.bar.flip(),
    ),
    _sky("blink", "Blink", "Alternate between the two sky images", "B", lambda sky: sky.bar.toggle(BLINK)),
    _sky(
        "swipe",
        "Swipe",
        "Show both sky images side by side; drag the line between them",
        "Shift+B",
        lambda sky: sky.bar.toggle(SWIPE),
    ),
    _sky(
        "difference", "Difference", "Show the second image minus the first", "D", lambda sky: sky.bar.toggle(DIFFERENCE)
    ),
    _sky(
        "ratio",
        "Ratio",
        "Show the second image divided by the first, minus 1",
        "Shift+D",
        lambda sky: sky.bar.toggle(RATIO),
    ),
    _sky(
        "scale",
        "Limits and Colours…",
        "Set display limits and colour map of the sky image (also: click the colour bar, or drag its ends)",
        "Ctrl+Alt+C",
        lambda sky: sky.toggle_scale_form(),
    ),
    _sky(
        "light",
        "White Light or Planes",
        "Switch between the mean over all wavelengths and five planes around the chosen column's wavelength",
        "L",
        lambda sky: sky.bar.toggle_light(),
    ),
    SEPARATOR,
    _panel("exposures", "Ctrl+1", "Show or hide the list of open exposures"),
    _panel("recipe", "Ctrl+2", "Show or hide the defaults for all slices"),
    _panel("slices", "Ctrl+3", "Show or hide the table of slices: fits and overrides"),
    _panel("detector", "Ctrl+4", "Show or hide the detector image: data, trace model and residual"),
    _panel("profile", "Ctrl+5", "Show or hide the spatial profile and spline of the chosen column"),
    _panel("sky", "Ctrl+6", "Show or hide the sky image with spaxel and aperture"),
    _panel("spectrum", "Ctrl+7", "Show or hide the spectra before and after correction"),
    _panel("metrics", "Ctrl+8", "Show or hide periods, noise map and line fluxes"),
    _panel("remedies", "Ctrl+9", "Show or hide remedies: ranked spaxels, apertures, dithers, residual fringes"),
    _panel("log", "Ctrl+L", "Show or hide the message log"),
    ActionInfo("next_panel", "View/Panels", "Next Panel", "Move the keyboard focus to the next panel", "F6", _open),
    ActionInfo(
        "previous_panel",
        "View/Panels",
        "Previous Panel",
        "Move the keyboard focus to the previous panel",
        "Shift+F6",
        _open,
    ),
    _measure("periods", "Periods", "Compare the measured periods with those predicted by the traces", "Alt+1"),
    _measure(
        "noise", "Noise Map", "Show the resampling noise of every bright spaxel, before and after correction", "Alt+2"
    ),
    _measure(
        "lines",
        "Line Fluxes",
        "Measure flux and equivalent width of the marked lines, before and after correction",
        "Alt+3",
    ),
    _layout("tune", "Tune", "Show all panels needed for setting parameters", "Ctrl+Alt+1"),
    _layout("spectra", "Compare Spectra", "Show large spectra beside the sky image", "Ctrl+Alt+2"),
    _layout("detector", "Inspect Detector", "Show a large detector image beside the profile", "Ctrl+Alt+3"),
    _layout("remedies", "Compare Remedies", "Show large remedies beside the sky image", "Ctrl+Alt+4"),
    ActionInfo(
        "reset_layout",
        "View",
        "Reset Layout",
        "Restore the initial arrangement of the panels",
        "Ctrl+Alt+0",
        _open,
        does=lambda window: window.use_layout("tune"),
    ),
    *(_scale(percent) for percent in PERCENT),
    ActionInfo("full_screen", "View", "Full Screen", "Fill the screen, or return to a window", "F11", ticked=True),
    SEPARATOR,
    ActionInfo("use_system_theme", "View", "System Theme", "Follow the system setting", "Ctrl+Alt+7", group="theme"),
    ActionInfo(
        "use_light_theme", "View", "Light Theme", "Use a light window and light plots", "Ctrl+Alt+8", group="theme"
    ),
    ActionInfo("use_dark_theme", "View", "Dark Theme", "Use a dark window and dark plots", "Ctrl+Alt+9", group="theme"),
    ActionInfo(
        "show_palette",
        "Help",
        "Find Action…",
        "Find actions, slices, parameters and help pages by typing",
        "Ctrl+K; Ctrl+Shift+P",
    ),
    SEPARATOR,
    ActionInfo("show_help", "Help", "Help Contents", "Show all help pages", "Ctrl+F1"),
    ActionInfo(
        "show_first_steps",
        "Help",
        "First Steps",
        "Show the page for beginners, and the panels' hints again",
        "Ctrl+Shift+F1",
    ),
    ActionInfo(
        "show_learn",
        "Help",
        "Learn: Resampling Noise",
        "Explore resampling noise on a model star, and predict it for the open exposures",
        "Ctrl+J",
    ),
    ActionInfo("what_is_this", "Help", "What Is This?", "Show the help page of the focused panel", "Shift+F1"),
    ActionInfo("show_shortcuts", "Help", "Keyboard Shortcuts", "List all keyboard shortcuts", "F1"),
    SEPARATOR,
    ActionInfo("show_about", "Help", "About ATM Viewer", "Show versions and licence", "Ctrl+F2"),
)

#: Keys that a panel takes itself, while it has the keyboard: place, keys, what they do.
WIDGET_KEYS: tuple[tuple[str, str, str], ...] = (
    ("Slice table", "↑ ↓", "Previous and next slice"),
    ("Slice table", "F2, Return", "Override the value for the slice"),
    ("Slice table", "Del", "Remove the override"),
    ("Profile", "← →", "Previous and next column; with Shift, ten columns"),
    ("Sky", "← → ↑ ↓", "Move the active place by one spaxel; with Shift, by five"),
    ("Sky", "Del", "Remove the active place"),
    ("Sky", "Esc, Return, Backspace", "While drawing a region: cancel, close the polygon, take a corner back"),
    ("Learn window", "← →", "Move the source; with Shift, five times as far"),
    ("Help window", "Ctrl+F", "Search the help pages"),
    ("Help window", "Alt+← Alt+→", "Go back or forward"),
)


def native(shortcut: str) -> str:
    """Keys of an action as this system writes them, several with commas."""
    form = QKeySequence.SequenceFormat.NativeText
    return ", ".join(QKeySequence(part).toString(form) for part in shortcut.split("; ") if part)
