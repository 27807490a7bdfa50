"""The numerical engine: calibrated exposures in, corrected exposures, spectra and cubes out. No Qt."""
