"""Trace models: splines fitted to slices, where they are used and why, and the oversampled arrays made with them."""
