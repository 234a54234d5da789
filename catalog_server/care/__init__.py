"""Care of Iceberg tables as durable work."""
