"""Schema 2: the same tables. The laws are said once for every engine, which changed their words on SQLite."""

revision = "2"
down_revision = "1"


def upgrade() -> None:
    """Nothing: laws are put up anew by every upgrade."""
