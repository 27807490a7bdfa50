"""Images: brightness, colours, limits, and the panel that shows them."""
