"""The laws of the smaller ports, a contract each; the docstring of a test is the law."""
