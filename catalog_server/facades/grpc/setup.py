"""Makes the gate of the gRPC port from the settings, and refuses settings that would not guard what they should."""

from __future__ import annotations

from typing import Protocol

from catalog_server.authentication import Refused, SignedTokens, Tokens
from catalog_server.config import GrpcConfig
from catalog_server.model.errors import Invalid

METHODS = ("token", "jwt")


class Bearer(Protocol):
    """Tells whose token it is, or raises `Refused`."""

    def verify(self, token: str) -> str:
        """The user."""


def check(grpc: GrpcConfig, *, loopback: bool) -> None:
    """Refuse settings that do not go together; raises `Invalid`."""
    unknown = sorted(set(grpc.authentication) - set(METHODS))
    if unknown:
        raise Invalid("grpc.authentication", f"{unknown[0]} is none of {', '.join(METHODS)}")
    needs = {"token": ("tokens_file", grpc.tokens_file), "jwt": ("jwt_keys", grpc.jwt_keys)}
    for method in grpc.authentication:
        setting, value = needs[method]
        if not value:
            raise Invalid(f"grpc.{setting}", f"is empty and grpc.authentication asks for {method}")
    if bool(grpc.tls_certificate) != bool(grpc.tls_key):
        lacking = "tls_key" if grpc.tls_certificate else "tls_certificate"
        raise Invalid(f"grpc.{lacking}", "is empty: certificate and key go together")
    if loopback:
        return
    if not grpc.authentication:
        raise Invalid("grpc.authentication", "is empty and the gRPC port is to listen beyond loopback")
    if not grpc.tls_certificate:
        raise Invalid("grpc.tls_certificate", "is empty and beyond loopback tokens could be read on the way")


def bearers(grpc: GrpcConfig) -> tuple[Bearer, ...]:
    """What checks the tokens of clients; none where nobody has to show one. Raises `Invalid`."""
    found: list[Bearer] = []
    if "token" in grpc.authentication:
        found.append(Tokens(grpc.tokens_file, "grpc.tokens_file"))
    if "jwt" in grpc.authentication:
        said = (grpc.jwt_keys, grpc.jwt_issuer, grpc.jwt_audience, grpc.jwt_user_claim)
        found.append(SignedTokens(*said, setting="grpc.jwt_keys"))
    return tuple(found)


def user_of(token: str, known: tuple[Bearer, ...]) -> str:
    """The user of a bearer token. Raises `Refused`."""
    refused = Refused("a bearer token is needed (grpc.authentication)")
    for one in known if token else ():
        try:
            return one.verify(token)
        except Refused as error:
            refused = error
    raise refused
