"""The gRPC facade: idl/catalog.proto over the catalog."""
