"""The preview page: its sources, and what puts them and the payloads into one file."""
