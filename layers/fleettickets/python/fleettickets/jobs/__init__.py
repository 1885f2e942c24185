"""Use cases: rules and I/O are passed in as arguments, the clock too."""
