"""Cubes: their grids, footprints of pixels on the sky, drizzled spectra, images and whole cubes."""
