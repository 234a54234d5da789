"""Search over gRPC."""

from __future__ import annotations

from catalog_server.facades.grpc.call import Call, Noun
from catalog_server.facades.grpc.paging import place, size_of, token
from catalog_server.wire import catalog_pb2 as pb


class Search(Noun):
    """Finds things by words."""

    def find(self, call: Call, request: pb.FindRequest) -> pb.FindResponse:
        """A page of hits, best first."""
        skip, size = place(request.page_token, 0), size_of(request)
        found = self.catalog.search.find(call.caller, request.query, skip=skip, count=size + 1)
        hits = [
            pb.Hit(catalog=one.catalog, database=one.database, table=one.table or "", score=-one.rank)
            for one in found[:size]
        ]
        return pb.FindResponse(hits=hits, next_page_token=token(skip + size) if len(found) > size else "")
