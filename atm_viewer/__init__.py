"""ATM Viewer: tune JWST's adaptive trace model on IFU exposures and see what it does to spaxel spectra."""

from importlib import import_module
from importlib.metadata import version
from typing import Any

__version__ = version("atm-viewer")

#: The public interface, and where its names are: they are imported when they are used.
_PUBLIC = {
    "Exposures": "notebook",
    "SpectrumPair": "notebook",
    "open_exposures": "notebook",
    "Recipe": "engine.recipe",
    "Region": "engine.recipe",
    "SliceOverride": "engine.recipe",
    "dump_recipe": "engine.recipe",
    "load_recipe": "engine.recipe",
    "InputError": "engine.errors",
    "OutputError": "engine.errors",
}

__all__ = [
    "Exposures",
    "InputError",
    "OutputError",
    "Recipe",
    "Region",
    "SliceOverride",
    "SpectrumPair",
    "dump_recipe",
    "load_recipe",
    "open_exposures",
]


def __getattr__(name: str) -> Any:
    if name not in _PUBLIC:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_PUBLIC[name]}"), name)


def __dir__() -> list[str]:
    return sorted({*globals(), *_PUBLIC})
