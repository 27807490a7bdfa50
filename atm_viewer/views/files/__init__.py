"""Opening, saving, exporting and sending, with their dialogs."""
