"""Statistics of columns, as a client sees them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from catalog_server.client.definitions import Noun, table_name
from catalog_server.wire import catalog_pb2 as pb


class Statistics(Noun):
    """What is known of columns."""

    def get(
        self, database: str, table: str, columns: Sequence[str] = (), *, catalog: str = "", engine: str = ""
    ) -> Sequence[pb.ColumnStatistics]:
        """Those of a table, of all columns that have any when none is named."""
        request = pb.GetStatisticsRequest(table=table_name(database, table, catalog), columns=columns, engine=engine)
        answer: pb.GetStatisticsResponse = self._channel.ask("Statistics/GetStatistics", request)
        return answer.columns

    def put(
        self,
        database: str,
        table: str,
        columns: Sequence[pb.ColumnStatistics],
        *,
        catalog: str = "",
        merge: bool = False,
    ) -> None:
        """Write those of a table; with `merge` they are of further rows."""
        request = pb.PutStatisticsRequest(table=table_name(database, table, catalog), columns=columns, merge=merge)
        self._channel.ask("Statistics/PutStatistics", request)

    def get_partitions(
        self,
        database: str,
        table: str,
        partitions: Sequence[str],
        columns: Sequence[str],
        *,
        catalog: str = "",
        engine: str = "",
    ) -> Mapping[str, pb.ColumnStatisticsList]:
        """Those of partitions by name; a partition without any is left out."""
        request = pb.GetPartitionStatisticsRequest(
            table=table_name(database, table, catalog), partitions=partitions, columns=columns, engine=engine
        )
        answer: pb.GetPartitionStatisticsResponse = self._channel.ask("Statistics/GetPartitionStatistics", request)
        return answer.partitions

    def put_partitions(
        self,
        database: str,
        table: str,
        partitions: Mapping[str, pb.ColumnStatisticsList],
        *,
        catalog: str = "",
        merge: bool = False,
    ) -> None:
        """Write those of partitions by name, all or none."""
        request = pb.PutPartitionStatisticsRequest(
            table=table_name(database, table, catalog), partitions=partitions, merge=merge
        )
        self._channel.ask("Statistics/PutPartitionStatistics", request)

    def drop(
        self,
        database: str,
        table: str,
        columns: Sequence[str] = (),
        *,
        partitions: Sequence[str] = (),
        catalog: str = "",
        engine: str = "",
    ) -> None:
        """Drop those of columns, of all when none is named: the table's own, or those of partitions."""
        request = pb.DropStatisticsRequest(
            table=table_name(database, table, catalog), columns=columns, partitions=partitions, engine=engine
        )
        self._channel.ask("Statistics/DropStatistics", request)
