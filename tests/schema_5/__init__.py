"""The library as a later release may have it, with a schema 4: it shows that the chain of steps goes on."""
