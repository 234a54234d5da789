"""Partitions, as a client sees them: streams of any length."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import islice

from google.protobuf.field_mask_pb2 import FieldMask

from catalog_server.client.definitions import Noun, table_name
from catalog_server.wire import catalog_pb2 as pb

BATCH = 1000


class Partitions(Noun):
    """Partitions of tables."""

    def list(
        self,
        database: str,
        table: str,
        *,
        catalog: str = "",
        filter: str = "",
        prefix: Sequence[str] = (),
        after: str = "",
        limit: int = 0,
        fields: Sequence[str] = (),
    ) -> Iterator[pb.Partition]:
        """Those that meet a filter, begin with some values, and come after a name, in the order of their names."""
        request = pb.ListPartitionsRequest(
            table=table_name(database, table, catalog),
            filter=filter,
            prefix=prefix,
            after=after,
            limit=limit,
            read_mask=FieldMask(paths=fields),
        )
        for answer in self._channel.stream("Partitions/ListPartitions", request):
            yield from answer.partitions

    def get(
        self, database: str, table: str, values: Sequence[str], *, catalog: str = "", fields: Sequence[str] = ()
    ) -> pb.Partition:
        """The one of these values."""
        request = pb.GetPartitionRequest(
            table=table_name(database, table, catalog), values=values, read_mask=FieldMask(paths=fields)
        )
        found: pb.Partition = self._channel.ask("Partitions/GetPartition", request)
        return found

    def count(self, database: str, table: str, *, catalog: str = "", filter: str = "") -> int:
        """How many meet a filter."""
        request = pb.CountPartitionsRequest(table=table_name(database, table, catalog), filter=filter)
        return int(self._channel.ask("Partitions/CountPartitions", request).count)

    def add(
        self,
        database: str,
        table: str,
        partitions: Iterable[pb.Partition],
        *,
        catalog: str = "",
        if_not_exists: bool = False,
        batch: int = BATCH,
    ) -> int:
        """Add any number of them and tell how many are new; those of one batch are added all or none.

        What `partitions` raises is raised here; batches before it are added.
        """
        name, rest = table_name(database, table, catalog), iter(partitions)
        failed: list[BaseException] = []

        def requests() -> Iterator[pb.AddPartitionsRequest]:
            try:
                while some := list(islice(rest, batch)):
                    yield pb.AddPartitionsRequest(table=name, partitions=some, if_not_exists=if_not_exists)
            except Exception as error:  # it is read in a thread of gRPC's, which would swallow it
                failed.append(error)

        added: int = sum(answer.added for answer in self._channel.stream("Partitions/AddPartitions", requests()))
        if failed:
            raise failed[0]
        return added

    def alter(self, database: str, table: str, partitions: Sequence[pb.Partition], *, catalog: str = "") -> None:
        """Give those of the same values new definitions, all or none."""
        request = pb.AlterPartitionsRequest(table=table_name(database, table, catalog), partitions=partitions)
        self._channel.ask("Partitions/AlterPartitions", request)

    def drop(
        self,
        database: str,
        table: str,
        names: Sequence[str],
        *,
        catalog: str = "",
        if_exists: bool = False,
        keep_data: bool = False,
    ) -> int:
        """Drop them by name, all or none, and tell how many there were."""
        request = pb.DropPartitionsRequest(
            table=table_name(database, table, catalog), names=names, if_exists=if_exists, keep_data=keep_data
        )
        return int(self._channel.ask("Partitions/DropPartitions", request).dropped)
