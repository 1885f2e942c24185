"""fleettickets: ordered, loss-free ingest of incident tickets into PostGIS."""

__version__ = "1.0.0"
