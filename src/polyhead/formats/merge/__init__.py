"""Several tables as one, picture by picture."""
