"""The Sky panel: images of the field, places, and the why map over them."""
