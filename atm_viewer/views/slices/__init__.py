"""The Slices panel: the table of slices, its filter and its edits."""
