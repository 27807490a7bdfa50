"""The parts of a session: each a group of intents, or a list that the window shows."""
