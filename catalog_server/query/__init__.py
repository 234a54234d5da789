"""Federated SQL: Trino's dialect, resolved against the catalog and run by embedded engines in processes of their own."""
