"""The WCS of an exposure, read as data and evaluated without building its models."""
