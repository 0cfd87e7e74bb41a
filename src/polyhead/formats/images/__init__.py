"""Which images a table speaks of."""
