"""Which targets may be crawled: those that are allowed by name, and no address that only this machine should reach.

A crawler makes the server open connections on behalf of whoever wrote it. So link-local addresses, where clouds keep the
credentials of their machines, are refused, and so is loopback when people from elsewhere reach the server; unless the target
is allowed by name.
"""

from __future__ import annotations

import socket
from collections.abc import Sequence
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from urllib.parse import urlsplit

from catalog_server.connector import connector_class
from catalog_server.crawlers import catalog_targets
from catalog_server.crawlers.sources import SCHEME, parse_target
from catalog_server.crawlers.topics import KAFKA
from catalog_server.lake.filesystem import Lake
from catalog_server.lake.locations import is_under, parse, resolved
from catalog_server.lake.object_store import check_endpoint
from catalog_server.model.connection import Connection
from catalog_server.model.errors import CatalogError, Invalid

_METADATA = tuple(ip_network(one) for one in ("169.254.0.0/16", "fe80::/10", "fd00:ec2::254/128", "100.100.100.200/32"))
"""Link-local networks, and where AWS (over IPv6) and Alibaba Cloud answer machines about themselves."""

_FILES = "files"
"""The kind of connectors that reach files through the lake."""
_NAMES = (SCHEME, KAFKA)
"""How targets begin that are no locations."""
_NAT64 = ip_network("64:ff9b::/96")


class Targets:
    """`allowed` are prefixes of targets, all of them if there are none; `exposed` tells whether others reach the server."""

    def __init__(self, allowed: Sequence[str] = (), *, exposed: bool = False) -> None:
        self._allowed = tuple(allowed)
        self._exposed = exposed

    def check(self, target: str) -> None:
        """Raise `Invalid` for a target that is none, or that is not allowed."""
        if target.startswith(catalog_targets.SCHEME):  # whose tables' locations are asked one by one
            catalog_targets.parse_catalog_target(target)
            return
        parse_target(target) if target.startswith(SCHEME) else parse(target)
        if self._allowed and not self._is_named(target):
            raise Invalid("targets", f"{target} is below none of crawlers.allowed_targets ({', '.join(self._allowed)})")

    def check_store(self, target: str, lake: Lake) -> None:
        """Raise `Invalid` if the store of a target's files is at an address that may not be reached."""
        self.check(target)
        self._check_endpoint(target, target, lake)

    def check_connection(self, target: str, connection: Connection, lake: Lake) -> None:
        """Raise `Invalid` if what a target's connection leads to is at an address that may not be reached."""
        self.check(target)
        connector = connector_class(connection.kind)
        if connector.kind == _FILES:
            for location in (*connection.prefixes, *filter(None, [connection.options.get("path")])):
                self._check_endpoint(target, location, lake)
        elif connector.supports_network:
            self.check_host(target, connection.options.get("host") or "localhost")

    def _check_endpoint(self, target: str, location: str, lake: Lake) -> None:
        endpoint = lake.endpoint(location)
        if endpoint:
            check_endpoint("endpoint", endpoint)
            self.check_host(target, urlsplit(endpoint).hostname or endpoint)

    def _is_named(self, target: str) -> bool:
        return any(_is_below(target, prefix) for prefix in self._allowed)

    def check_host(self, target: str, host: str) -> None:
        """Raise `Invalid` if a target's host is at an address that may not be reached."""
        if self._is_named(target):
            return
        if self._exposed and host.startswith("/"):
            raise Invalid(
                "targets", f"{target} is at a socket of the server's own machine: name it in crawlers.allowed_targets"
            )
        for address in [address for one in host.split(",") for address in _addresses(one)]:
            if any(address in network for network in _METADATA):
                kind = "a link-local or metadata address"
            elif self._exposed and (address.is_loopback or address.is_unspecified):
                kind = "an address of the server's own machine, which others reach"
            else:
                continue
            raise Invalid("targets", f"{target} is at {host}, {kind}: name it in crawlers.allowed_targets to allow it")


def _addresses(host: str) -> list[IPv4Address | IPv6Address]:
    """What a name stands for, however the address is spelled; nothing where it cannot be found."""
    try:
        found = socket.getaddrinfo(host, None, proto=socket.IPPROTO_TCP)
    except (OSError, UnicodeError):
        return []
    addresses: list[IPv4Address | IPv6Address] = []
    for *_, place in found:
        address = ip_address(str(place[0]).partition("%")[0])
        addresses.append((isinstance(address, IPv6Address) and _within(address)) or address)
    return addresses


def _within(address: IPv6Address) -> IPv4Address | None:
    """The IPv4 address that an IPv6 address leads to."""
    if address in _NAT64:
        return IPv4Address(int(address) & 0xFFFFFFFF)
    return address.ipv4_mapped or address.sixtofour


def _is_below(target: str, prefix: str) -> bool:
    """Whether a target is what a prefix names or lies below it."""
    if target.startswith(_NAMES) or prefix.startswith(_NAMES):
        named, wanted = target.rstrip("/"), prefix.rstrip("/")
        return named == wanted or named.startswith(f"{wanted}/")
    try:
        return is_under(resolved(target), resolved(prefix))
    except CatalogError:
        return False
