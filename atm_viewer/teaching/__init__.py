"""Interactive one-dimensional model of resampling noise, and its presets."""
