"""ATM Viewer: tune JWST's adaptive trace model on IFU exposures and see what it does to spaxel spectra."""

from importlib.metadata import version

__version__ = version("atm-viewer")
