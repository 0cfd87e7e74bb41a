"""Many images on several machines, by Ray."""
