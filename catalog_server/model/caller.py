"""Who is asking, settled once at the facade and handed down to every rule."""

from __future__ import annotations

import re
from dataclasses import dataclass
from urllib.parse import quote, unquote


@dataclass(frozen=True, slots=True)
class Caller:
    """The person or program behind a call, the door it came through, and what it works for."""

    user: str = "anonymous"
    groups: tuple[str, ...] = ()
    via: str = "internal"
    """The facade: `thrift`, `iceberg-rest`, `grpc`, `api`, `cli`, `crawl`, `undo`, `job`, `internal`."""
    run: str | None = None
    """The job run or crawl on whose behalf the call is made, for lineage."""
    reversible: bool = False
    """Whether the run is a crawl of which is kept what was before, so that it can be undone."""


SYSTEM = Caller(user="system")
"""The server itself: migrations, reconciliation, maintenance."""

RUN_HEADER = "X-Catalog-Run"
"""HTTP header that names the run on whose behalf a request is made (Iceberg clients: property `header.X-Catalog-Run`)."""
_RUN_MARK = "run:"
_RUN_USER = re.compile(r"(?P<user>.*?) ?\(run (?P<run>[A-Za-z0-9_-]{1,64})\)")


def run_user(user: str, run: str) -> str:
    """The user name under which a run speaks to the metastore (`set_ugi`): `alice (run 0192ab)`."""
    return f"{user} (run {run})"


def parse_run_user(name: str) -> tuple[str, str | None]:
    """The user and the run that a name made by `run_user` speaks of; any other name is a user without a run."""
    match = _RUN_USER.fullmatch(name)
    return (match["user"] or "anonymous", match["run"]) if match else (name, None)


def run_token(user: str, run: str) -> str:
    """A bearer token that says nothing but who asks and for which run, for clients that can send no header of ours."""
    return f"{_RUN_MARK}{run}:{quote(user, safe='')}"


def bearer_token(authorization: str) -> str:
    """The token in a header `Authorization: Bearer ...`; empty where it holds none."""
    scheme, _, token = authorization.partition(" ")
    return token.strip() if scheme.lower() == "bearer" else ""


def _parse_run_token(token: str) -> tuple[str, str] | None:
    """The user and the run in a token made by `run_token`, or None for any other token."""
    if not token.startswith(_RUN_MARK):
        return None
    run, _, user = token.removeprefix(_RUN_MARK).partition(":")
    return (unquote(user) or "anonymous", run) if run else None


def caller_of_token(token: str, via: str, run: str | None = None) -> Caller:
    """Who shows a bearer token: a run names itself by it, everyone else is anonymous and may work for a `run` said beside it."""
    named = _parse_run_token(token)
    return Caller(named[0], via=via, run=named[1]) if named else Caller(via=via, run=run)
