"""Every method, called with nothing: an answer or an error in words, and never one that only the log explains."""

from __future__ import annotations

import logging
from typing import Any

import pytest
from thrift.Thrift import TApplicationException

from catalog_server.services import Services
from catalog_server.wire import hive_metastore as wire
from catalog_server.wire.bindings import STRUCT, ThriftError
from tests.facades.hms.metastore import Metastore

METHODS = sorted(name for name in wire.BINDINGS.method_names() if not wire.method(name).oneway)


def empty(method: str) -> dict[str, Any]:
    """Arguments of which each struct is there and says nothing."""
    fields = [field for field in wire.method(method).arguments[1] if field is not None]
    return {field[2]: field[3][0]() for field in fields if field[1] == STRUCT}


@pytest.mark.parametrize("method", METHODS)
def test_a_call_with_nothing_is_answered(
    hms_services: Services, metastore_port: int, caplog: pytest.LogCaptureFixture, method: str
) -> None:
    with caplog.at_level(logging.ERROR), Metastore(metastore_port) as hms:
        for arguments in ({}, empty(method)):
            try:
                getattr(hms, method)(**arguments)
            except TApplicationException as error:
                assert "Internal error" not in (error.message or "")  # noqa: PT017
            except ThriftError:
                pass
        assert hms.getStatus() == wire.fb_status.ALIVE
    assert [record.getMessage() for record in caplog.records] == []
