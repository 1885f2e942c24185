"""Tests of fleettickets."""
