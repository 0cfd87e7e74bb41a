"""Several tables as one, image by image."""
