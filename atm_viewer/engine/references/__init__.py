"""Cubes and extracted spectra from elsewhere: reading them, and their spectra and images at a place."""
