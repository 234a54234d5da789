"""What we test with, shipped so that outsiders can: a running server, and the suite that a connector must pass."""

from catalog_server.testing.server import RunningServer, running_server, start_server

__all__ = ["RunningServer", "running_server", "start_server"]
