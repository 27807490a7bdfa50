"""What all views share: plots, images, panels, colours, painting in turns."""
