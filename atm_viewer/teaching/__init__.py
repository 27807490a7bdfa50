"""Resampling noise in one dimension, to be played with: the model and its presets."""
