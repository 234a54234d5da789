"""A catalog server: one catalog, many facades."""

__version__ = "0.1.0.dev0"
