"""`python -m polyhead`."""

from polyhead.cli import main

main()
