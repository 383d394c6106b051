"""What the library asks of the world: Protocols only, no default behaviour."""
