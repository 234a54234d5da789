"""Calls without the struct that they are about: told in an exception that the method declares."""

from __future__ import annotations

import pytest

from catalog_server.wire import hive_metastore as wire
from tests.facades.hms.metastore import Metastore


@pytest.mark.parametrize(
    ("method", "exception"),
    [
        ("get_table_req", wire.MetaException),
        ("create_table", wire.InvalidObjectException),
        ("alter_database_req", wire.MetaException),
        ("set_aggr_stats_for", wire.InvalidObjectException),
        ("drop_table_req", wire.MetaException),
    ],
)
def test_a_missing_struct_is_told(hms: Metastore, method: str, exception: type[Exception]) -> None:
    with pytest.raises(exception, match="missing"):
        getattr(hms, method)()
