"""Sessions in files: saving, restoring, autosaving, and finding exposures that were moved."""
