"""The Spectrum panel."""
