"""Iceberg REST: the catalog for clients that speak it."""
