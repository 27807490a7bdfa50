"""The Profile panel: how one column of a slice was fitted."""
