"""Geocoders: services and a file that know where places are, behind one interface."""
