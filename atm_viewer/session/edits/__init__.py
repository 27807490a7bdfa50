"""Edits of the recipe: variants, parameters, undo commands, and pure functions from recipe to recipe."""
