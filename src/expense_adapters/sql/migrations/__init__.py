"""From schema to schema: Alembic runs the steps, `schema_version` says where a store stands."""

from .upgrading import Upgrade, due, upgrade

__all__ = ["Upgrade", "due", "upgrade"]
