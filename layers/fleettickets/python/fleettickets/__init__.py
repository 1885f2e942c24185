"""fleettickets: ordered, loss-free ingest of incident tickets into PostGIS."""

__version__ = "0.1.0"
