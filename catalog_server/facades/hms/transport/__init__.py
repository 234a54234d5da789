"""How calls reach the metastore: sockets, framing, TLS, HTTP, SASL, limits and deadlines; no method is known here."""
