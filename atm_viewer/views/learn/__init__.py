"""The Learn window: an interactive model of resampling noise, and its prediction from geometry."""
