"""Fields for numbers and choices."""
