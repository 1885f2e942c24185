"""Tests against a real PostgreSQL with PostGIS."""
