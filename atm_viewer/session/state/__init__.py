"""Parts of the session's state: open exposures, places, choices, the cursor."""
