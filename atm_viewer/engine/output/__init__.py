"""Writers of output files: cubes, corrected exposures, provenance, tables, figures, exports."""
