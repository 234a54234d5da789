"""Connections: stored addresses of databases and object stores, with their secrets kept apart."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

STORE_KINDS = {"s3": "s3", "azure": "abfss", "gcs": "gs"}
"""Kinds of connection that are storage profiles, each with the scheme of its locations."""
TABLELESS_KINDS = frozenset({*STORE_KINDS, "kafka"})
"""Kinds of connection that are no catalogs to SQL."""
SECRET_OPTIONS = frozenset(
    {
        "password",
        "secret_access_key",
        "access_key_id",
        "session_token",
        "token",
        "account_key",
        "sas_token",
        "service_account_key",
    }
)
"""Option names that are encrypted at rest and never returned."""


@dataclass(frozen=True, slots=True)
class Connection:
    """How to reach a source. One of `STORE_KINDS` is a storage profile: it owns the URL prefixes it names.

    `options` by kind: databases: host, port, database, user, and `path` for sqlite; s3: endpoint, region, path_style,
    allow_http, and for keys that are handed out role_arn, sts_endpoint and external_id; azure and gcs: endpoint
    (of an emulator), gcs also application_default; kafka: brokers
    (host:port, with commas between), security_protocol, sasl_mechanism, user and ssl_ca. `secrets` holds the values of
    `SECRET_OPTIONS`, either the value itself (only inside the server) or a reference such as `env:NAME` or `file:/path`.
    """

    name: str
    kind: str
    url: str | None = None
    """The address without any secret, for people."""
    options: Mapping[str, str] = field(default_factory=dict)
    secrets: Mapping[str, str] = field(default_factory=dict, repr=False)
    prefixes: tuple[str, ...] = ()
    """Location prefixes this profile serves, e.g. `s3://bucket/data/`; the longest match wins."""
    vending: bool = False
    """Whether clients that ask for it may be handed the credentials."""
    comment: str | None = None
    id: int = 0
    version: int = 0
    created_at: int = 0
