"""HTTP answers: the app, its batcher, the page."""
