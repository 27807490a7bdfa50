"""The Sky panel: sky images, places, and the why map over them."""
