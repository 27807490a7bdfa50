"""The Detector panel."""
