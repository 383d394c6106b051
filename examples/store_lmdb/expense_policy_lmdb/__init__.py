"""A store for expense_policy over LMDB, an ordered map of bytes to bytes."""

from .store import LmdbRepository as LmdbRepository
