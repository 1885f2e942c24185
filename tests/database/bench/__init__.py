"""Tests of the measuring itself: that it runs, on a few rows."""
