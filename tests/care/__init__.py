"""Care of Iceberg tables: what is deleted, and what never is."""
