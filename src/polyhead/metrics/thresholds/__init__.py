"""Where a probability becomes a yes."""
