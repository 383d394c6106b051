"""Schema 1, SQLite alone: where a store of the first release stands."""

revision = "1"
down_revision = None


def upgrade() -> None:
    """Nothing leads here: a store begins at the newest schema."""
    raise RuntimeError("nothing leads to schema 1: a new store begins at the newest")
