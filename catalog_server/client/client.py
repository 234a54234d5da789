"""The client: the nouns of the catalog over one channel."""

from __future__ import annotations

from types import TracebackType

from catalog_server.client.channel import Channel
from catalog_server.client.definitions import Catalogs, Databases, Functions, Tables, Views
from catalog_server.client.events import Events
from catalog_server.client.partitions import Partitions
from catalog_server.client.statistics import Statistics
from catalog_server.client.versions import Search, Versions

TIMEOUT_SECONDS = 60.0


class Client:
    """A server's catalog; used by many threads, closed at the end of a `with`."""

    def __init__(
        self,
        address: str = "127.0.0.1:9084",
        *,
        token: str = "",
        certificates: bytes | None = None,
        timeout_seconds: float = TIMEOUT_SECONDS,
    ) -> None:
        """`token` is shown with every call. `certificates` (PEM, empty for those of the system) asks for TLS.

        `timeout_seconds` ends calls with one answer; streams go on as long as they are read.
        """
        self._channel = Channel(address, token=token, certificates=certificates, timeout_seconds=timeout_seconds)
        self.catalogs = Catalogs(self._channel)
        self.databases = Databases(self._channel)
        self.tables = Tables(self._channel)
        self.views = Views(self._channel)
        self.partitions = Partitions(self._channel)
        self.functions = Functions(self._channel)
        self.search = Search(self._channel)
        self.versions = Versions(self._channel)
        self.events = Events(self._channel)
        self.statistics = Statistics(self._channel)

    def close(self) -> None:
        """Let go of the server."""
        self._channel.close()

    def __enter__(self) -> Client:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
