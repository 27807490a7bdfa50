"""Measures of resampling noise, lines and periods, and remedies on arrays."""
