"""The doors of the catalog, one per protocol; none knows another."""
