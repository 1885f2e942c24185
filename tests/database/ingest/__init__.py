"""Tests of the ingest on a real database: the cases, one subject a module."""
