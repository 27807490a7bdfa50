"""Results that the engine returns: frozen dataclasses of numpy arrays, light to import."""
