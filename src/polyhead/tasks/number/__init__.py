"""Task type `number`: one quantity per image."""
