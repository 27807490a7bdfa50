"""Widgets: they show the session and emit what the user wants."""
