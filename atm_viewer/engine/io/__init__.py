"""Files and their coordinates: exposures, associations, slices, and the coordinate cache."""
