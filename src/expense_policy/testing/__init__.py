"""The proof that ships: a company to play in, an oracle, a state machine and the contract of a store.

Needs the extra `testing` (pytest, hypothesis). Nothing that runs in production imports it.
"""
