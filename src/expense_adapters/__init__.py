"""Adapters: stores, channels, files, command line."""
