"""The Exposures panel, and the same position in the other dithers."""
