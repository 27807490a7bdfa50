"""The main window: layout, menus, status line, and the small panels."""
