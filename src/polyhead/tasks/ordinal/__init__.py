"""One of several grades in an order."""
