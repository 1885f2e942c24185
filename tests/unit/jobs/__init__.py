"""Tests of the clients: buckets, geocoders, secrets."""
