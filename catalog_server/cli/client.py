"""The way to a running server: finds it, asks its JSON API, and turns its errors into exit codes."""

from __future__ import annotations

import ipaddress
import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any
from urllib.parse import quote, urlsplit

import typer

from catalog_server import __version__
from catalog_server.cli.output import Failure, Progress, duration, say
from catalog_server.model.names import DEFAULT_CATALOG

if TYPE_CHECKING:
    import httpx

Server = Annotated[
    str | None,
    typer.Option("--server", help="Address of the server, else CATALOG_SERVER__CLIENT__URL.", metavar="URL"),
]
Catalog = Annotated[str | None, typer.Option("--catalog", help="Catalog, if not the server's default one.")]
EXIT_CODES: Mapping[str, int] = {
    "NotFound": 3,
    "AlreadyExists": 4,
    "NotEmpty": 4,
    "Conflict": 4,
    "Denied": 5,
    "TimedOut": 6,
    "Invalid": 2,
}
"""Exit codes by the type of the server's error; 1 for every other."""
WAIT_MILLISECONDS = 1000
TIMEOUT_SECONDS = 120.0


def path(*parts: str | int) -> str:
    """A path below the API of parts that may hold any character."""
    return "/" + "/".join(quote(str(part), safe="") for part in parts)


class Client:
    """One server's API. Raises `Failure` with the exit code of what went wrong."""

    def __init__(self, url: str) -> None:
        import httpx

        self.url = url.rstrip("/")
        self.http = httpx.Client(
            base_url=f"{self.url}/api/v1",
            headers={"User-Agent": f"catalog-cli/{__version__}"},
            timeout=httpx.Timeout(TIMEOUT_SECONDS, connect=5.0),
            trust_env=not _is_local(self.url),
            verify=self.url.startswith("https:"),
        )
        _opened.append(self)
        self.warned = False

    def get(self, where: str, **query: Any) -> Any:
        """Read."""
        return self._ask("GET", where, query=query)

    def post(self, where: str, body: Mapping[str, Any] | None = None) -> Any:
        """Create or do; fields that are None are left out."""
        given = {name: value for name, value in (body or {}).items() if value is not None}
        return self._ask("POST", where, body=given)

    def patch(self, where: str, body: Mapping[str, Any]) -> Any:
        """Change; None removes."""
        return self._ask("PATCH", where, body=body)

    def delete(self, where: str, **query: Any) -> Any:
        """Remove, or stop."""
        return self._ask("DELETE", where, query=query)

    def download(self, where: str, file: Path) -> int:
        """Write what is there to a file, which appears once it is whole; its bytes."""
        import httpx

        part = file.with_name(file.name + ".part")
        try:
            with self.http.stream("GET", where) as response:
                if not response.is_success:
                    response.read()
                    raise self._failure(response)
                with part.open("wb") as sink:
                    for chunk in response.iter_bytes():
                        sink.write(chunk)
            part.replace(file)
        except httpx.HTTPError as error:
            raise Failure(f"{self.url}: {error}") from error
        except OSError as error:
            raise Failure(f"{file}: {error.strerror}") from error
        finally:
            part.unlink(missing_ok=True)
        return file.stat().st_size

    def pages(self, where: str, limit: int | None = None, **query: Any) -> Iterator[dict[str, Any]]:
        """All items of a list, page by page, up to `limit`."""
        token: str | None = None
        left = limit
        while True:
            size = min(left, 1000) if left is not None else 1000
            answer = self.get(where, **query, page_token=token, page_size=size)
            for item in answer["items"]:
                yield item
                if left is not None:
                    left -= 1
                    if left == 0:
                        return
            token = answer["next_page_token"]
            if token is None:
                return

    def catalog(self, named: str | None) -> str:
        """The catalog a command means: the one named, else the server's default one, whatever that is called."""
        return named or DEFAULT_CATALOG

    def wait(self, where: str, first: dict[str, Any], told: Progress) -> dict[str, Any]:
        """Wait until work has ended and return it, telling how far it is; Ctrl-C stops it on the server."""
        found = first
        try:
            while found["state"] in RUNNING_STATES:
                told.update(*_progress(found))
                found = self.get(where, wait_ms=WAIT_MILLISECONDS)
        except KeyboardInterrupt:
            self.delete(where)
            raise Failure(f"stopped: the server was told to cancel {found['id']}", 130) from None
        return found

    def _ask(
        self, method: str, where: str, query: Mapping[str, Any] | None = None, body: Mapping[str, Any] | None = None
    ) -> Any:
        response = self._send(method, where, query, body)
        self._compare_versions(response)
        if response.is_success:
            return response.json() if response.content else None
        raise self._failure(response)

    def _send(
        self, method: str, where: str, query: Mapping[str, Any] | None, body: Mapping[str, Any] | None
    ) -> httpx.Response:
        import httpx

        params = {name: _text(value) for name, value in (query or {}).items() if value is not None}
        try:
            return self.http.request(method, where, params=params, json=body)
        except (httpx.ConnectError, httpx.ConnectTimeout) as error:
            raise Failure(
                f"no server answers at {self.url}. Start one with `catalog serve`, or name another with --server URL."
            ) from error
        except httpx.TimeoutException as error:
            raise Failure(f"the server at {self.url} did not answer within {TIMEOUT_SECONDS:.0f} s", 6) from error
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise Failure(f"{self.url}: {error}") from error

    def _compare_versions(self, response: httpx.Response) -> None:
        theirs = response.headers.get("x-catalog-version")
        if theirs and theirs != __version__ and not self.warned:
            self.warned = True
            say(f"warning: the server is version {theirs}, this command {__version__}")

    def _failure(self, response: httpx.Response) -> Failure:
        try:
            error = response.json()["error"]
            kind, message = str(error["type"]), str(error["message"])
        except (ValueError, KeyError, TypeError):
            return Failure(f"{self.url} answered {response.status_code} and is perhaps no catalog server")
        if "line" in error:
            message = f"line {error['line']}:{error['column']}: {message}"
        if kind == "Internal":
            message += f" {error.get('request_id')}"
        return Failure(message, EXIT_CODES.get(kind, 1))


RUNNING_STATES = frozenset({"QUEUED", "PLANNING", "RUNNING", "FINISHING", "CANCELLING"})


def _progress(found: Mapping[str, Any]) -> tuple[str, float | None, float | None]:
    """The words, what is done and what there is to do, of a query, crawl or run."""
    said = found.get("progress")
    if isinstance(said, float | int):
        return found["state"].lower(), float(said), 1.0
    if found.get("waits_for"):
        return f"waiting for {found['waits_for']}", None, None
    if not said:
        return found["state"].lower(), None, None
    done, total = said.get("done"), said.get("total")
    if "unit" in said:
        return f"{found['state'].lower()}, {_paced(said)}", done, total
    words = ", ".join(f"{name} {value}" for name, value in said.items() if not isinstance(value, dict | list))
    return f"{found['state'].lower()}, {words}", done, total


def _paced(said: Mapping[str, Any]) -> str:
    """Progress with a rate in words: `listing, 12,000 files, 3,400 files/s, about 2 min left`."""
    of = f" of {said['total']:,}" if said.get("total") is not None else ""
    parts = [said["phase"], f"{said['done']:,}{of} {said['unit']}"]
    if "rate" in said:
        parts.append(f"{said['rate']:,.{0 if said['rate'] >= 10 else 1}f} {said['unit']}/s")
    if "seconds_left" in said:
        parts.append(f"about {duration(said['seconds_left'])} left")
    return ", ".join(parts)


def _text(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _is_local(url: str) -> bool:
    name = urlsplit(url).hostname or ""
    try:
        return ipaddress.ip_address(name).is_loopback
    except ValueError:
        return name == "localhost"


_opened: list[Client] = []


def close_all() -> None:
    """Give back the connections of the command that ends."""
    while _opened:
        _opened.pop().http.close()


def connect(server: str | None = None) -> Client:
    """The server that a command speaks to: its flag, the flag before the noun, the environment, else this machine."""
    if server is None:
        server = os.environ.get("CATALOG_SERVER__CLIENT__URL") or "http://127.0.0.1:8181"
    if "://" not in server:
        server = f"http://{server}"
    return Client(server)


def split_name(name: str, what: str = "table") -> tuple[str, str]:
    """The database and the last part of `database.name`; the database may hold dots itself. Raises `Failure`."""
    database, dot, last = name.rpartition(".")
    if not dot or not database or not last:
        raise Failure(f"{name!r} does not name a {what}: write DATABASE.{what.upper()}", 2)
    return database, last


def located(target: str) -> str:
    """A place as the server understands it: a folder of this machine becomes an absolute file URI, all else stays."""
    if "://" in target or target.startswith(("file:", "connection:", "catalog:")):
        return target
    uri = Path(target).expanduser().absolute().as_uri()
    return uri + "/" if target.endswith("/") else uri


def pairs(given: list[str], flag: str) -> dict[str, str]:
    """The values of a flag that is given as KEY=VALUE any number of times. Raises `Failure`."""
    found = {}
    for item in given:
        key, equals, value = item.partition("=")
        if not equals or not key:
            raise Failure(f"{flag} takes KEY=VALUE, not {item!r}", 2)
        found[key] = value
    return found
