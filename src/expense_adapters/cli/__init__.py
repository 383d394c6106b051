"""The command line: `expense-policy`."""

from .main import main

__all__ = ["main"]
