"""Tests of the read schema: payloads, metrics, series, teams, dispatch, and what they cost."""
