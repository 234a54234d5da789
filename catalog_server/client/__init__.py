"""A client of the gRPC API for programs.

    from catalog_server.client import Client, messages

    with Client("127.0.0.1:9084") as client:
        client.databases.create(messages.Database(name="sales"))
        for table in client.tables.list("sales"):
            print(table.name, table.format)
        for event in client.events.watch(after=0):
            print(event.number, event.kind)

Things are the messages of idl/catalog.proto; what goes wrong is an error of `catalog_server.model.errors`. Lists follow
their pages as they are read, and an empty name of a catalog stands for the default one.
"""

from catalog_server.client.client import Client
from catalog_server.wire import catalog_pb2 as messages

__all__ = ["Client", "messages"]
