"""The demonstration: the whole of the server on real data, every answer checked against figures computed another way."""

from catalog_server.demo.run import run

__all__ = ["run"]
