"""Spectra as they are shown: units, settings, curves and marked lines."""
