"""Every action of the window as one table: menus, shortcuts, tooltips and when they make sense."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from PyQt6.QtGui import QKeySequence

from atm_viewer.session.session import Session
from atm_viewer.session.state.sky_choice import BLINK, DIFFERENCE, RATIO, SWIPE
from atm_viewer.views.actions.action_info import ActionInfo, always
from atm_viewer.views.base.scale import PERCENT
from atm_viewer.views.exposures.same_position import toggle_dithers


def _open(session: Session) -> bool:
    return session.state.current is not None


def _placed(session: Session) -> bool:
    return session.state.places.current is not None


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
        f"scale_{percent}", "View/Size", f"{percent} %", "Draw everything at this size from the next start on",
        group="scale", does=lambda window: window.scale.choose(percent),
    )  # fmt: skip


def _sky(name: str, text: str, tip: str, key: str, does: Callable[[Any], None]) -> ActionInfo:
    return ActionInfo(f"sky_{name}", "View/Sky", text, tip, key, _open, does=lambda window: does(window.sky.bar))


def _several(session: Session) -> bool:
    return session.state.variants.several


def _variant(name: str, text: str, tip: str, key: str, does: Callable[[Any], None], enabled=_several) -> ActionInfo:
    return ActionInfo(f"{name}_variant", "Variants", text, tip, key, enabled, does=lambda window: does(window))


def _measure(kind: str, text: str, tip: str) -> ActionInfo:
    return ActionInfo(f"show_{kind}", "View/Metrics", text, tip, "", _open, does=lambda window: window.measure(kind))


SEPARATOR = None

ACTIONS: tuple[ActionInfo | None, ...] = (
    ActionInfo("open", "File", "Open…", "Open calibrated exposures (_cal, _crf) or an association (_asn)", "Ctrl+O"),
    ActionInfo("open_recent", "File", "Open Recent", "Open files that were open before"),
    ActionInfo("open_demo", "File", "Open Demo", "Open four synthetic MIRI MRS exposures, made on first use", "Ctrl+D"),
    ActionInfo(
        "open_nirspec_demo", "File", "Open NIRSpec Demo", "Open four synthetic NIRSpec IFU exposures, made on first use"
    ),
    ActionInfo("close_exposure", "File", "Close Exposure", "Close the chosen exposure", "Ctrl+W", _open),
    SEPARATOR,
    ActionInfo(
        "open_session",
        "File",
        "Open Session…",
        "Be back where a session was saved: exposures, recipe, spaxel and views",
        "Ctrl+Shift+O",
    ),
    ActionInfo("save_session", "File", "Save Session", "Write exposures, recipe, spaxel and views to a file", "Ctrl+S"),
    ActionInfo("save_session_as", "File", "Save Session As…", "Write the session to another file", "Ctrl+Shift+S"),
    SEPARATOR,
    ActionInfo("load_recipe", "File", "Load Recipe…", "Read thresholds and overrides from a TOML file", "Ctrl+Shift+L"),
    ActionInfo("save_recipe", "File", "Save Recipe", "Write the recipe to its TOML file", "Ctrl+Shift+R"),
    ActionInfo("save_recipe_as", "File", "Save Recipe As…", "Write the recipe to a TOML file"),
    SEPARATOR,
    ActionInfo(
        "write_cubes",
        "File",
        "Write Cubes…",
        "Build s3d cubes of the included exposures, before and after correction",
        "Ctrl+E",
        _included,
    ),
    ActionInfo(
        "write_exposures",
        "File",
        "Write Corrected Exposures…",
        "Write the included exposures, oversampled, for cube_build",
        "Ctrl+Shift+E",
        _included,
    ),
    ActionInfo(
        "export_recipe",
        "File/Export",
        "Pipeline Call or Script…",
        "Write what gives the same result outside: a call of calwebb_spec3, or a Python script",
        "Ctrl+Alt+E",
        _included,
    ),
    ActionInfo(
        "export_spectra",
        "File/Export",
        "Spectra…",
        "Write the spectra of all places and variants as tables (ECSV, FITS) that specutils opens",
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
        "Write parameters, numbers, figures, exposures and versions to one page (HTML, PDF)",
        "Ctrl+Alt+R",
        _included,
    ),
    ActionInfo(
        "send_file",
        "File/Export",
        "Send to Another Program…",
        "Send spectra, the image of the field or a cube to DS9, TOPCAT or another program by SAMP",
        "Ctrl+Alt+T",
        _included,
    ),
    ActionInfo(
        "save_figure",
        "File",
        "Save Figure…",
        "Draw ranked spaxels, apertures, dithers or residual fringes for a publication: what Remedies has in front",
        "Ctrl+Shift+F",
        _placed,
        does=lambda window: window.remedies.save_figure(),
    ),
    ActionInfo(
        "clear_cache",
        "File",
        "Delete Kept Coordinates",
        "Delete what is kept of files' coordinates so that they open at once (at most 8 GiB); they are computed again",
        "Ctrl+Alt+K",
    ),
    ActionInfo("cancel_all", "File", "Cancel All Jobs", "End everything under way", "Ctrl+.", lambda s: bool(s.jobs)),
    SEPARATOR,
    ActionInfo("quit", "File", "Quit", "Close the window", "Ctrl+Q"),
    ActionInfo("undo", "Edit", "Undo", "Take the last change of the recipe back", "Ctrl+Z"),
    ActionInfo("redo", "Edit", "Redo", "Make the change again", "Ctrl+Shift+Z; Ctrl+Y"),
    SEPARATOR,
    ActionInfo(
        "copy_to_neighbours",
        "Edit",
        "Copy to Neighbours…",
        "Give the slices beside the chosen one, on the sky, the same overrides",
        "Ctrl+Shift+C",
        _open,
    ),
    ActionInfo(
        "apply_to_all_exposures",
        "Edit",
        "Apply to All Dithers",
        "Let overrides of the selected slices in this exposure apply to all exposures",
        "Ctrl+Shift+A",
        _open,
    ),
    ActionInfo(
        "keep_to_this_exposure",
        "Edit",
        "Keep to This Dither",
        "Let overrides of the selected slices apply to this exposure alone",
        "Ctrl+Shift+X",
        _open,
    ),
    ActionInfo(
        "reset_slice", "Edit", "Reset Slices", "Take all overrides of the selected slices away", "Ctrl+Backspace", _open
    ),
    ActionInfo(
        "reset_all",
        "Edit",
        "Reset All",
        "Go back to the pipeline's defaults everywhere",
        "Ctrl+Shift+Backspace",
    ),
    SEPARATOR,
    ActionInfo(
        "raise_threshold",
        "Edit",
        "Raise Threshold",
        "Raise the chosen slice's fit_threshold by a tenth",
        "Alt+PgUp",
        _open,
    ),
    ActionInfo(
        "lower_threshold",
        "Edit",
        "Lower Threshold",
        "Lower the chosen slice's fit_threshold by a tenth",
        "Alt+PgDown",
        _open,
    ),
    ActionInfo(
        "edit_this_alone",
        "Edit",
        "Edit This Exposure Alone",
        "Let values of a slice apply to the chosen exposure alone, not to all",
        "Ctrl+T",
        _open,
        ticked=True,
    ),
    ActionInfo("filter_slices", "Edit", "Filter Slices", "Choose which slices the table shows", "Ctrl+F", _open),
    _variant(
        "new",
        "New Variant",
        "Go on with a copy of the recipe; the old one stays to be compared with",
        "Ctrl+N",
        lambda window: window.session.recipes.new_variant(),
        _open,
    ),
    _variant(
        "next",
        "Next Variant",
        "Make the next variant the active one: the one that is edited, and written",
        "V",
        lambda window: window.session.recipes.step_variant(1),
    ),
    _variant(
        "previous",
        "Previous Variant",
        "Make the variant before the active one",
        "Shift+V",
        lambda window: window.session.recipes.step_variant(-1),
    ),
    _variant(
        "label",
        "Label Variant…",
        "Give the active variant a few words that tell what it tries",
        "",
        lambda window: window.variant_bar.ask_label(window.session.state.variants.active),
        _open,
    ),
    _variant(
        "adopt",
        "Adopt Variant",
        "Keep the active variant as the only recipe; undo brings the others back",
        "Ctrl+Return",
        lambda window: window.session.recipes.adopt_variant(window.session.state.variants.active),
    ),
    _variant(
        "discard",
        "Discard Variant",
        "Do without the active variant; undo brings it back",
        "Ctrl+Del",
        lambda window: window.session.recipes.discard_variant(window.session.state.variants.active),
    ),
    ActionInfo("next_slice", "View", "Next Slice", "Look at the slice with the next number", "Alt+Down", _open),
    ActionInfo(
        "previous_slice", "View", "Previous Slice", "Look at the slice with the previous number", "Alt+Up", _open
    ),
    ActionInfo("next_column", "View", "Next Column", "Look at the next element along dispersion", "Alt+Right", _open),
    ActionInfo(
        "previous_column",
        "View",
        "Previous Column",
        "Look at the previous element along dispersion",
        "Alt+Left",
        _open,
    ),
    ActionInfo(
        "next_exposure",
        "View",
        "Next Exposure",
        "Look at the next exposure, at the spaxel's place in it when the chosen slice has the spaxel",
        "Ctrl+PgDown",
        _open,
        does=lambda window: window.session.pointer.step_exposure(1),
    ),
    ActionInfo(
        "previous_exposure",
        "View",
        "Previous Exposure",
        "Look at the exposure before, at the spaxel's place in it when the chosen slice has the spaxel",
        "Ctrl+PgUp",
        _open,
        does=lambda window: window.session.pointer.step_exposure(-1),
    ),
    ActionInfo(
        "centre_spaxel",
        "View",
        "Centre Spaxel Here",
        "Move the spaxel to the sky position under the mouse; a double click on the detector does it too",
        "C",
        _open,
        does=lambda window: window.session.pointer.centre_spaxel(),
    ),
    ActionInfo(
        "show_dithers",
        "View",
        "Where in the Other Dithers",
        "Tell slice and pixel of the place under the mouse, or of the spaxel, in every open exposure",
        "W",
        _open,
        does=lambda window: toggle_dithers(window.session, window),
    ),
    ActionInfo(
        "add_place",
        "View/Places",
        "Add Place",
        "Show the spectra of one more place: under the mouse, or beside the active one; Shift+click on the sky does it",
        "Ctrl+M",
        _placed,
        does=lambda window: window.session.pointer.add_place(),
    ),
    ActionInfo(
        "next_place",
        "View/Places",
        "Next Place",
        "Make the next place the active one, which clicks and keys move",
        "Ctrl+Shift+M",
        _several_places,
        does=lambda window: window.session.look.set_places(window.session.state.places.stepped(1)),
    ),
    ActionInfo(
        "remove_place",
        "View/Places",
        "Remove Place",
        "Do without the active place",
        "Ctrl+Alt+M",
        _several_places,
        does=lambda window: window.session.look.set_places(
            window.session.state.places.removed(window.session.state.places.active)
        ),
    ),
    ActionInfo(
        "spectrum_options",
        "View",
        "Spectrum Options…",
        "Units, axis, redshift, lines, panels, reference, smoothing, masks and errors of the spectra",
        "Ctrl+U",
        _placed,
        does=lambda window: window.spectrum.show_options(),
    ),
    ActionInfo("next_band", "View", "Next Band", "Look at sky image and spectra of the next band", "Ctrl+B", _open),
    ActionInfo("fit_views", "View", "Fit", "Show all of the plot with the keyboard, or of every plot", "Ctrl+0", _open),
    ActionInfo(
        "play_columns",
        "View",
        "Play Columns",
        "Go through the columns of the slice up to the last one, or stop",
        "Alt+P",
        _open,
        does=lambda window: window.profile.play_button.toggle(),
    ),
    ActionInfo(
        "show_why",
        "View",
        "Why Map",
        "Over detector and sky: where the spline is used, and why not elsewhere",
        "Ctrl+Shift+W",
        _open,
    ),
    ActionInfo("refresh", "View", "Compute Again", "Compute everything in sight again, after a failure", "F5", _open),
    _sky("flip", "Before or After", "Show the other image of the field, alone", "A", lambda bar: bar.flip()),
    _sky("blink", "Blink", "Show both images of the field in turn", "B", lambda bar: bar.toggle(BLINK)),
    _sky(
        "swipe", "Swipe", "Show both images side by side, with a line to drag", "Shift+B", lambda bar: bar.toggle(SWIPE)
    ),
    _sky("difference", "Difference", "Show the second image less the first", "D", lambda bar: bar.toggle(DIFFERENCE)),
    _sky("ratio", "Ratio", "Show the second image over the first", "Shift+D", lambda bar: bar.toggle(RATIO)),
    _sky(
        "light",
        "White Light or Planes",
        "The mean over all wavelengths, or over five planes about the chosen column's, where resampling noise shows",
        "L",
        lambda bar: bar.toggle_light(),
    ),
    SEPARATOR,
    _panel("exposures", "Ctrl+1", "Which exposures are open, looked at and included"),
    _panel("recipe", "Ctrl+2", "Parameters of all slices"),
    _panel("slices", "Ctrl+3", "How each slice is fitted, and its overrides"),
    _panel("detector", "Ctrl+4", "The exposure, its trace model and what is left"),
    _panel("profile", "Ctrl+5", "Spatial profile and spline of the chosen slice and column"),
    _panel("sky", "Ctrl+6", "The field, spaxel and aperture"),
    _panel("spectrum", "Ctrl+7", "Spectra before and after"),
    _panel("metrics", "Ctrl+8", "Is it resampling noise? Periods, noise of all spaxels, lines in numbers"),
    _panel("remedies", "Ctrl+9", "Remedies: ranked spaxels, apertures, dithers, residual fringes"),
    _panel("log", "Ctrl+L", "What was told so far"),
    ActionInfo("next_panel", "View/Panels", "Next Panel", "Give the keyboard to the next panel", "F6", _open),
    ActionInfo(
        "previous_panel", "View/Panels", "Previous Panel", "Give the keyboard to the panel before", "Shift+F6", _open
    ),
    _measure("periods", "Periods", "Measured periods, and those that the traces on the pixels predict"),
    _measure("noise", "Noise Map", "Resampling noise of every bright spaxel, before and after"),
    _measure("lines", "Lines in Numbers", "Flux and equivalent width of the marked lines, before and after"),
    _layout("tune", "Tune", "Everything in sight: to set parameters and see what they do", "Ctrl+Alt+1"),
    _layout("spectra", "Compare Spectra", "Large spectra beside the sky", "Ctrl+Alt+2"),
    _layout("detector", "Inspect Detector", "Large detector image beside the profile", "Ctrl+Alt+3"),
    _layout("remedies", "Compare Remedies", "Large remedies beside the sky", "Ctrl+Alt+4"),
    ActionInfo(
        "reset_layout",
        "View",
        "Reset Layout",
        "Put all panels where they were at first",
        "Ctrl+Alt+0",
        _open,
        does=lambda window: window.use_layout("tune"),
    ),
    *(_scale(percent) for percent in PERCENT),
    ActionInfo("full_screen", "View", "Full Screen", "Use the whole screen", "F11", ticked=True),
    SEPARATOR,
    ActionInfo("use_system_theme", "View", "System Theme", "Light or dark as the system is", group="theme"),
    ActionInfo("use_light_theme", "View", "Light Theme", "Light window and plots", group="theme"),
    ActionInfo("use_dark_theme", "View", "Dark Theme", "Dark window and plots", group="theme"),
    ActionInfo("show_palette", "Help", "Find Action…", "Find everything by a few letters", "Ctrl+K; Ctrl+Shift+P"),
    SEPARATOR,
    ActionInfo("show_help", "Help", "Help Contents", "All help pages", "Ctrl+F1"),
    ActionInfo("show_first_steps", "Help", "First Steps", "What to do first; hints in the panels are shown again"),
    ActionInfo(
        "show_learn",
        "Help",
        "Learn: Resampling Noise",
        "A source on a grid of pixels to play with, and what geometry predicts for the open exposures",
        "Ctrl+J",
    ),
    ActionInfo("what_is_this", "Help", "What Is This?", "The help page of the panel with the keyboard", "Shift+F1"),
    ActionInfo("show_shortcuts", "Help", "Keyboard Shortcuts", "List all keys", "F1"),
    SEPARATOR,
    ActionInfo("show_about", "Help", "About ATM Viewer", "Versions and licence"),
)

#: Keys that a panel takes itself, while it has the keyboard: place, keys, what they do.
WIDGET_KEYS: tuple[tuple[str, str, str], ...] = (
    ("Slice table", "↑ ↓", "Previous and next slice"),
    ("Slice table", "F2, Return", "Give the slice a value of its own"),
    ("Slice table", "Del", "Inherit the value again"),
    ("Profile", "← →", "Previous and next column; with Shift, ten columns on"),
    ("Sky", "← → ↑ ↓", "Move the active place by a spaxel; with Shift, by five"),
    ("Sky", "Del", "Remove the active place"),
    ("Learn window", "← →", "Move the source on its pixels; with Shift, five times as far"),
    ("Help window", "Ctrl+F", "Search the help pages"),
    ("Help window", "Alt+← Alt+→", "Back and forward"),
)


def native(shortcut: str) -> str:
    """Keys of an action as this system writes them, several with commas."""
    form = QKeySequence.SequenceFormat.NativeText
    return ", ".join(QKeySequence(part).toString(form) for part in shortcut.split("; ") if part)
