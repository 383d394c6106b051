"""Every expense type against its clause."""
