"""Tests of what the other tests stand on, where it is more than a line or two."""
