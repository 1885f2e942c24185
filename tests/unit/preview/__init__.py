"""Tests of `fleettickets.preview` that need no browser."""
