"""Trino's functions, each with the DuckDB expression that answers the same."""
