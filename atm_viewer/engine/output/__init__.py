"""Files that are written: cubes, corrected exposures, provenance, tables, figures, exports."""
