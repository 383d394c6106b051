"""The policy itself, pure: no clock, no input or output, no randomness."""
