"""Migrations: a Hive metastore copied into a catalog of ours, and compared with it."""
