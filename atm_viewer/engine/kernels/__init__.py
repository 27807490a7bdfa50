"""Compiled loops (numba): plain arrays in, plain arrays out; units and masks are settled by the callers."""
