"""Which pictures a table speaks of."""
