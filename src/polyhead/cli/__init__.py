"""The command line: one file a verb."""

from polyhead.cli.app import main

__all__ = ["main"]
