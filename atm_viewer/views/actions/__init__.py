"""Every action of the window in one table."""
