"""Tests of `fleettickets.core`: pure rules, so no server and no files."""
