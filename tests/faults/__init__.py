"""Trouble on purpose, at length: `make chaos`, `make soak`; docs/reliability.md says what of it."""
