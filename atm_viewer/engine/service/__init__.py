"""Answers to the window's questions: the open exposures and what has been computed for them."""
