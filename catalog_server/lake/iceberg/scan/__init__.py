"""Scans of Iceberg tables: from a filter to the files that may hold its rows.

Imported where scans are planned only, since pyiceberg takes long to load.
"""
