"""Use cases: one method per act of the policy."""
