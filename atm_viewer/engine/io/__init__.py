"""Files and their coordinates: exposures, associations, slices, and the cache of what follows from a WCS."""
