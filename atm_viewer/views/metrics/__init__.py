"""The Metrics panel: periods, noise map and lines."""
