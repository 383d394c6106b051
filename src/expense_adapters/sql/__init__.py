"""The store over SQL: real tables, laws written twice, statements compiled once."""

from .repository import SqlRepository

__all__ = ["SqlRepository"]
