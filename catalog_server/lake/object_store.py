"""Object stores by obstore: what is the same in all of them."""

from __future__ import annotations

import re
from abc import abstractmethod
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import timedelta
from threading import Lock
from typing import Any, ClassVar, Protocol

from catalog_server.lake.files import PAGE, Entry, FileInfo, FileSystem
from catalog_server.lake.locations import join, parse
from catalog_server.model.errors import AlreadyExists, CatalogError, Denied, Invalid, NotFound, Unavailable

_CHUNK = 5000
_ODD = re.compile(r"[\x00-\x1f\x7f]")
"""What a key holds that obstore cannot name."""
_ENDPOINT = re.compile(r"https?://(?:[\w.-]+|\[[0-9a-f:.]+\])(?::(\d{1,5}))?(?:/[!-~]*)?", re.ASCII | re.IGNORECASE)
_MISSING = {"NoSuchBucket": "bucket", "ContainerNotFound": "container", "container does not exist": "container"}
_NOT_IN_PATHS = re.compile(r"[?#\\]")
_PATH_TOLD = re.compile(r'[Pp]ath "(.*?)"', re.DOTALL)
_REASON = re.compile(r"(?:non-2xx status code: (\d{3} [A-Za-z ]+))|<Message>([^<]*)</Message>")


def check_endpoint(option: str, url: str) -> None:
    """Raise `Invalid` for an endpoint that is not http(s)://host with, at most, a port and a path."""
    found = _ENDPOINT.fullmatch(url)
    if found is None or int(found[1] or 1) not in range(1, 2**16) or _NOT_IN_PATHS.search(url):
        shown = "what is given" if "@" in url else repr(url)  # there may be a password in front of it
        raise Invalid(f"option {option}", f"{shown} is not of the form https://host:port")


def _refusal(error: Exception, verb: str, location: str, endpoint: str) -> CatalogError:
    text, kind = str(error), type(error).__name__
    missing = next((word for code, word in _MISSING.items() if code in text), None)
    if isinstance(error, FileNotFoundError):
        return NotFound(missing or "file", location)
    if kind in ("PermissionDeniedError", "UnauthenticatedError") or " 403 Forbidden" in text or " 401 Unauth" in text:
        return Denied(verb, location)
    if kind in ("AlreadyExistsError", "PreconditionError"):
        return AlreadyExists("file", location)
    if isinstance(error, ValueError):
        return Invalid("location", f"{location}: {text}")
    if _is_odd(error):
        named = _PATH_TOLD.search(text)
        return Invalid(
            "location", f"{location}: a key there cannot be named as a location: {named[1] if named else text}"
        )
    if missing and " 404 " in text:
        return Unavailable(f"{location}: the {missing} does not exist, says the store at {endpoint}")
    said = [status or message for status, message in _REASON.findall(text)]
    return Unavailable(
        f"{location}: the store at {endpoint} {'says ' + ', '.join(said) if said else 'does not answer'}"
    )


class _OddKeyError(ValueError):
    """A key that was not told as it is."""


def _check_names(keys: Iterable[str]) -> None:
    """Raise `_OddKeyError` where a store has put a replacement character into XML for one that XML cannot hold."""
    if "\ufffd" in "\n".join(keys):
        raise _OddKeyError("a key holds characters that cannot be listed")


def _is_odd(error: Exception) -> bool:
    """Whether obstore met a key that it cannot name."""
    text = str(error)
    odd = "parse path" in text or "invalid list response" in text
    return isinstance(error, _OddKeyError) or type(error).__name__ == "InvalidPathError" or odd


def _is_store_error(error: Exception) -> bool:
    return isinstance(error, OSError | ValueError) or type(error).__module__.startswith("obstore")


class PlainKeys(Protocol):
    """What names the keys of a bucket that obstore cannot."""

    def head(self, key: str) -> Entry:
        """An object, with its whole key as its path."""

    def read(self, key: str, start: int, length: int | None) -> bytes:
        """Bytes of an object."""

    def list(self, prefix: str, after: str = "") -> Iterator[Sequence[Entry]]:
        """Pages of all objects below a prefix that come after a key, with whole keys as paths."""

    def folder(self, prefix: str) -> tuple[Sequence[str], Sequence[Entry]]:
        """What is directly below a prefix: other prefixes, and objects."""


class ObjectFileSystem(FileSystem):
    """One endpoint with one set of credentials; a client per bucket is made on first use and kept."""

    has_folders = False
    streams_first = 4
    scheme: ClassVar[str]

    def __init__(self, options: Mapping[str, str], endpoint: str) -> None:
        self.options = dict(options)
        self.endpoint = endpoint
        self._stores: dict[str, Any] = {}
        self._lock = Lock()

    @abstractmethod
    def _client(self, bucket: str) -> Any:
        """A client of obstore for a bucket."""

    def _at(self, location: str) -> tuple[Any, str]:
        found = parse(location)
        if found.scheme != self.scheme:
            raise Invalid("location", f"{location} is not in a store of {self.scheme}://")
        with self._lock:
            if found.bucket not in self._stores:
                self._stores[found.bucket] = self._client(found.bucket)
            return self._stores[found.bucket], found.path

    def _plain(self, location: str) -> PlainKeys | None:  # noqa: ARG002
        """What reads the keys that obstore cannot name, where there is such."""
        return None

    def _put_mark(self, bucket: str, key: str) -> None:
        """Leave what stands for a folder, in stores where somebody looks for it."""

    def _remove_marks(self, location: str, key: str, folders: set[str]) -> None:
        """Remove what may stand for a folder and folders below it, after all that was listed in it."""

    @contextmanager
    def _told(self, verb: str, location: str) -> Iterator[None]:
        try:
            yield
        except CatalogError:
            raise
        except Exception as error:
            if not _is_store_error(error):
                raise
            raise _refusal(error, verb, location, self.endpoint) from error
        except BaseException as error:
            if type(error).__name__ != "PanicException":  # of Rust, which is no Exception
                raise
            raise Unavailable(f"{location}: the store at {self.endpoint} cannot be asked") from error

    def stat(self, location: str) -> FileInfo:
        """See `FileSystem.stat`."""
        import obstore

        with self._told("read", location):
            store, key = self._at(location)
            try:
                return _info(location, obstore.head(store, key))
            except Exception as error:
                plain = self._plain(location)
                if plain is None or not _is_odd(error):
                    raise
                return FileInfo(location, *plain.head(key)[1:])

    def is_file(self, location: str) -> bool:
        """See `FileSystem.is_file`."""
        try:
            self.stat(location)
        except NotFound:
            return False
        return True

    def is_directory(self, location: str) -> bool:
        """See `FileSystem.is_directory`."""
        return next(iter(self.list(location)), None) is not None

    def read(self, location: str, start: int = 0, length: int | None = None) -> bytes:
        """See `FileSystem.read`."""
        import obstore

        with self._told("read", location):
            store, key = self._at(location)
            if _ODD.search(key) and (plain := self._plain(location)) is not None:
                return plain.read(key, start, length)
            if start == 0 and length is None:
                return bytes(obstore.get(store, key).bytes())
            if length is None or length <= 0:
                length = max(0, obstore.head(store, key)["size"] - start) if length is None else 0
                if length == 0:
                    return b""
            try:
                return bytes(obstore.get_range(store, key, start=start, length=length))
            except obstore.exceptions.GenericError as error:
                if " 416 " in str(error):
                    return b""
                raise

    def write(self, location: str, body: bytes, overwrite: bool = True) -> None:
        """See `FileSystem.write`."""
        import obstore

        with self._told("write", location):
            store, key = self._at(location)
            if overwrite:
                obstore.put(store, key, body)
            else:
                obstore.put(store, key, body, mode="create", use_multipart=False)

    def delete(self, location: str) -> None:
        """See `FileSystem.delete`."""
        import obstore

        with self._told("delete", location):
            store, key = self._at(location)
            try:
                obstore.delete(store, key)
            except FileNotFoundError:
                return

    def list(self, prefix: str) -> Iterator[FileInfo]:
        """See `FileSystem.list`; in the order of keys, by pages. The empty object that marks the folder is left out."""
        import obstore

        with self._told("list", prefix):
            store, key = self._at(prefix)
            for chunk in obstore.list(store, key or None, chunk_size=_CHUNK):
                for meta in chunk:
                    if meta["path"] != key:
                        yield _info(_below(prefix, key, meta["path"]), meta)

    def scan(self, folder: str, after: str = "") -> Iterator[Sequence[Entry]]:
        """See `FileSystem.scan`; in the store's own order."""
        import obstore

        with self._told("list", folder):
            store, key = self._at(folder)
            prefix = f"{key}/" if key else ""
            start, last = len(prefix), prefix + after if after else ""
            try:
                for chunk in obstore.list(store, key or None, offset=last or None, chunk_size=PAGE):
                    _check_names(meta["path"] for meta in chunk)
                    yield [
                        (
                            meta["path"][start:],
                            meta["size"],
                            tag.strip('"') if (tag := meta["e_tag"]) else _etag(meta),
                            int(meta["last_modified"].timestamp() * 1000),
                        )
                        for meta in chunk
                        if meta["path"] != key
                    ]
                    last = chunk[-1]["path"] if chunk else last
            except Exception as error:
                plain = self._plain(folder)
                if plain is None or not _is_odd(error):
                    raise
                for page in plain.list(prefix, last):
                    yield [(path.removesuffix("/")[start:], *rest) for path, *rest in page if path != prefix]  # type: ignore[misc]

    def list_folder(self, location: str) -> tuple[Sequence[str], Sequence[FileInfo]]:
        """See `FileSystem.list_folder`."""
        import obstore

        with self._told("list", location):
            store, key = self._at(location)
            try:
                answer = obstore.list_with_delimiter(store, key or None)
                _check_names([*answer["common_prefixes"], *(meta["path"] for meta in answer["objects"])])
            except Exception as error:
                plain = self._plain(location)
                if plain is None or not _is_odd(error):
                    raise
                return _plain_folder(plain, location, f"{key}/" if key else "")
            folders = sorted(_below(location, key, path) for path in answer["common_prefixes"])
            files = [
                _info(_below(location, key, meta["path"]), meta) for meta in answer["objects"] if meta["path"] != key
            ]
        return folders, sorted(files, key=lambda info: info.location)

    def make_directory(self, location: str) -> None:
        """See `FileSystem.make_directory`; leaves a mark, since Spark wants to see a folder where a table is to be."""
        with self._told("write", location):
            _, key = self._at(location)
            if key:
                self._put_mark(parse(location).bucket, key)

    def remove_directory(self, location: str) -> None:
        """See `FileSystem.remove_directory`; a whole bucket is refused."""
        import obstore

        with self._told("delete", location):
            store, key = self._at(location)
            if not key:
                raise Denied("delete", location)
            folders: set[str] = set()
            for chunk in obstore.list(store, key, chunk_size=1000):
                paths = [meta["path"] for meta in chunk]
                obstore.delete(store, paths)
                folders.update(_folders_between(key, paths))
                folders.update(meta["path"] for meta in chunk if meta["size"] == 0)  # may be the mark of a folder
            self._remove_marks(location, key, folders)

    def move_directory(self, source: str, target: str) -> None:
        """See `FileSystem.move_directory`; object by object: all copies are made before the first delete."""
        import obstore

        if self.is_directory(target):
            raise AlreadyExists("folder", target)
        with self._told("move", source):
            store, key = self._at(source)
            target_store, target_key = self._at(target)
            found = {info.location.removeprefix(source.rstrip("/") + "/"): info.size for info in self.list(source)}
            if not found:
                raise NotFound("folder", source)
            self._put_mark(parse(target).bucket, target_key)
            for path, size in found.items():
                if size == 0 and not self.is_file(f"{source.rstrip('/')}/{path}"):
                    self._put_mark(parse(target).bucket, f"{target_key}/{path}")
                elif parse(source).bucket == parse(target).bucket:
                    obstore.copy(store, f"{key}/{path}", f"{target_key}/{path}")
                else:
                    obstore.put(target_store, f"{target_key}/{path}", obstore.get(store, f"{key}/{path}"))
        self.remove_directory(source)


def _info(location: str, meta: Mapping[str, Any]) -> FileInfo:
    return FileInfo(location, meta["size"], _etag(meta), int(meta["last_modified"].timestamp() * 1000))


def _etag(meta: Mapping[str, Any]) -> str:
    return (meta["e_tag"] or "").strip('"') or f"{int(meta['last_modified'].timestamp() * 1000):x}"


def _below(folder: str, key: str, path: str) -> str:
    return join(folder, path[len(key) :] if key else path)


def _plain_folder(plain: PlainKeys, location: str, prefix: str) -> tuple[Sequence[str], Sequence[FileInfo]]:
    folders, objects = plain.folder(prefix)
    files = [FileInfo(join(location, path[len(prefix) :]), *rest) for path, *rest in objects if path != prefix]  # type: ignore[arg-type]
    return sorted(join(location, one[len(prefix) :]) for one in folders), sorted(files, key=lambda info: info.location)


def client_settings(endpoint: str | None, options: Mapping[str, str]) -> dict[str, Any]:
    """How every client asks, so that an unreachable endpoint is told within five seconds."""
    plain = endpoint is not None and endpoint.startswith("http://") and options.get("allow_http") != "false"
    return {
        "client_options": {"allow_http": plain, "connect_timeout": "2 seconds", "timeout": "120 seconds"},
        "retry_config": {
            "max_retries": 4,
            "retry_timeout": timedelta(seconds=4),
            "backoff": {"init_backoff": timedelta(milliseconds=100), "max_backoff": timedelta(seconds=1), "base": 2},
        },
    }


def _folders_between(key: str, paths: Sequence[str]) -> set[str]:
    """The folders strictly below `key` that hold these paths: some stores show them for a while when they are empty."""
    found = set()
    for path in paths:
        folder = path.rpartition("/")[0]
        while len(folder) > len(key):
            found.add(folder)
            folder = folder.rpartition("/")[0]
    return found
