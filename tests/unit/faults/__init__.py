"""Tests of the tools that make trouble on purpose."""
