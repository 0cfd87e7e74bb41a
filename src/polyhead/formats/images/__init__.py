"""The images that a table names, and their files."""
