"""The steps. A step says its own tables: what it makes stays what it was when the library has gone on."""
