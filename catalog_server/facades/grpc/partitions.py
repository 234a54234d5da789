"""Partitions over gRPC: streams in both directions, never more of them in memory than a piece."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence

from google.protobuf.empty_pb2 import Empty

from catalog_server.facades.grpc import convert
from catalog_server.facades.grpc.call import Call, Noun, Received
from catalog_server.facades.grpc.masks import Tree, mask_tree, masked, read_masked
from catalog_server.facades.grpc.paging import pieces
from catalog_server.model.errors import Invalid
from catalog_server.model.filters import Filter
from catalog_server.model.names import TableName
from catalog_server.model.partition import Partition
from catalog_server.wire import catalog_pb2 as pb

BATCH = 500
"""Partitions that are read at once, in a transaction of their own."""
ADDED_MAX = 10_000
"""Partitions of one message."""


class Partitions(Noun):
    """Partitions of tables."""

    async def list_partitions(
        self, call: Call, request: pb.ListPartitionsRequest
    ) -> AsyncIterator[pb.ListPartitionsResponse]:
        """All that are asked for, by name."""
        tree = mask_tree(request.read_mask, pb.Partition.DESCRIPTOR)
        wanted, after, left = Filter.parse(request.filter), request.after, request.limit
        if left < 0:
            raise Invalid("limit", f"{left} is below 0")
        while True:
            count = min(BATCH, left) if left else BATCH
            messages, found, after = await call.run(self._batch, call, request, wanted, after, count, tree)
            for message in messages:
                yield message
            left -= found if request.limit else 0
            if found < count or (request.limit and not left):
                return

    def _batch(
        self, call: Call, request: pb.ListPartitionsRequest, wanted: Filter, after: str, count: int, tree: Tree
    ) -> tuple[list[pb.ListPartitionsResponse], int, str]:
        """The next partitions in messages, how many they are, and the name of the last."""
        of, found = self.catalog.partitions.list(
            call.caller,
            convert.to_table_name(request.table),
            wanted if wanted.predicate is not None else None,
            prefix=list(request.prefix) or None,
            after=after,
            count=count,
        )
        shown = [convert.partition(of, one) for one in found]
        last = shown[-1].name if shown else after
        kept = pieces(masked(one, tree) for one in shown)
        return [pb.ListPartitionsResponse(partitions=piece) for piece in kept], len(found), last

    def get_partition(self, call: Call, request: pb.GetPartitionRequest) -> pb.Partition:
        """One of them."""
        name = convert.to_table_name(request.table)
        of, found = self.catalog.partitions.get(call.caller, name, list(request.values))
        return read_masked(convert.partition(of, found), request)

    def count_partitions(self, call: Call, request: pb.CountPartitionsRequest) -> pb.CountPartitionsResponse:
        """How many there are."""
        wanted, name = Filter.parse(request.filter), convert.to_table_name(request.table)
        said = wanted if wanted.predicate is not None else None
        return pb.CountPartitionsResponse(count=self.catalog.partitions.count(call.caller, name, said))

    async def add_partitions(
        self, call: Call, requests: AsyncIterator[Received]
    ) -> AsyncIterator[pb.AddPartitionsResponse]:
        """Add those of each message, and answer it."""
        name: TableName | None = None
        async for received in requests:
            request: pb.AddPartitionsRequest = await call.run(received.read)
            if request.HasField("table"):
                name = convert.to_table_name(request.table)
            if name is None:
                raise Invalid("table", "the first message names none")
            made = await call.run(self._add, call, name, request)
            yield pb.AddPartitionsResponse(added=made)

    def _add(self, call: Call, name: TableName, request: pb.AddPartitionsRequest) -> int:
        new = _checked(request.partitions)
        _, made = self.catalog.partitions.add(call.caller, name, new, if_not_exists=request.if_not_exists)
        return len(made)

    def alter_partitions(self, call: Call, request: pb.AlterPartitionsRequest) -> Empty:
        """Change some."""
        name = convert.to_table_name(request.table)
        self.catalog.partitions.alter(call.caller, name, _checked(request.partitions))
        return Empty()

    def drop_partitions(self, call: Call, request: pb.DropPartitionsRequest) -> pb.DropPartitionsResponse:
        """Drop some."""
        if len(request.names) > ADDED_MAX:
            raise Invalid("names", f"are {len(request.names)}, more than {ADDED_MAX}")
        dropped = self.catalog.partitions.drop(
            call.caller,
            convert.to_table_name(request.table),
            list(request.names),
            delete_data=not request.keep_data,
            if_exists=request.if_exists,
        )
        return pb.DropPartitionsResponse(dropped=len(dropped))


def _checked(messages: Sequence[pb.Partition]) -> list[Partition]:
    if len(messages) > ADDED_MAX:
        raise Invalid("partitions", f"are {len(messages)} in one message, more than {ADDED_MAX}")
    return [convert.to_partition(one) for one in messages]
