"""The command line: `expense-policy`."""

from .guard import main

__all__ = ["main"]
