"""Geocoding on a real database."""
