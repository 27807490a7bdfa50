"""The window Learn: resampling noise to play with, and predicted from geometry."""
