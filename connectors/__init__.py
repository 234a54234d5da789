"""The connectors that ship with the catalog server, one file per kind of source."""
