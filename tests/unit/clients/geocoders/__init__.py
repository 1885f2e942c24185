"""Tests of the geocoders: the online ones over loopback, the gazetteer on files."""
