"""The file system of this machine."""

from __future__ import annotations

import errno
import os
import secrets
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import IO

from catalog_server.lake.files import FileInfo, FileSystem
from catalog_server.lake.locations import join, parse
from catalog_server.model.errors import AlreadyExists, CatalogError, Denied, Invalid, NotEmpty, NotFound, Unavailable


def _path(location: str) -> str:
    found = parse(location)
    if found.scheme != "file":
        raise Invalid("location", f"{location} is not a local file")
    return found.path


def _refusal(error: OSError, verb: str, location: str) -> CatalogError:
    if error.errno in (errno.ENOENT, errno.ENOTDIR):
        return NotFound("file", location)
    if error.errno in (errno.EACCES, errno.EPERM, errno.EROFS):
        return Denied(verb, location)
    if error.errno == errno.EEXIST:
        return AlreadyExists("file", location)
    if error.errno == errno.ENOTEMPTY:
        return NotEmpty("folder", location)
    if error.errno in (errno.EISDIR, errno.ENAMETOOLONG, errno.ELOOP):
        return Invalid("location", f"{location}: {error.strerror}")
    return Unavailable(f"{location}: {error.strerror or error}")


@contextmanager
def _told(verb: str, location: str) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise _refusal(error, verb, location) from error


def _sync_folder(path: str) -> None:
    """Have the names in a folder on disk as well."""
    folder = os.open(path, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def _create(path: str, folder: str) -> int:
    """Make a file that is not there, and its folder."""
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC
    try:
        return os.open(path, flags, 0o666)
    except FileNotFoundError:
        os.makedirs(folder, exist_ok=True)
        return os.open(path, flags, 0o666)


def _write_all(file: int, body: bytes) -> None:
    rest = memoryview(body)
    while rest:
        rest = rest[os.write(file, rest) :]


def _put_over(file: int, draft: str, path: str) -> None:
    """Let a draft take the place of what has the name, once it is on disk."""
    os.fsync(file)
    os.replace(draft, path)


def _put_new(file: int, draft: str, path: str) -> None:
    """Give a draft its name if that is free, and have both on disk together, which is one wait for the disk."""
    os.link(draft, path)
    try:
        os.unlink(draft)
        os.fsync(file)
    except BaseException:
        os.unlink(path)
        raise


def _info(location: str, stat: os.stat_result) -> FileInfo:
    etag = f"{stat.st_mtime_ns:x}-{stat.st_size:x}-{stat.st_ino:x}"
    return FileInfo(location, stat.st_size, etag, stat.st_mtime_ns // 1_000_000)


class LocalFileSystem(FileSystem):
    """Local files, anywhere the process may read. Symbolic links to files are followed, links to folders are not."""

    def stat(self, location: str) -> FileInfo:
        """See `FileSystem.stat`."""
        with _told("read", location):
            if os.path.isdir(path := _path(location)):
                raise NotFound("file", location)
            return _info(location, os.stat(path))

    def is_file(self, location: str) -> bool:
        """See `FileSystem.is_file`."""
        return os.path.isfile(_path(location))

    def is_directory(self, location: str) -> bool:
        """See `FileSystem.is_directory`."""
        return os.path.isdir(_path(location))

    def read(self, location: str, start: int = 0, length: int | None = None) -> bytes:
        """See `FileSystem.read`."""
        with _told("read", location), open(_path(location), "rb") as file:
            file.seek(start)
            return file.read() if length is None else file.read(length)

    def write(self, location: str, body: bytes, overwrite: bool = True) -> None:
        """See `FileSystem.write`; the file appears under its name only when it is complete, and is on disk after that.

        A row that names the file is committed next, and must not outlive it when the power fails.
        """
        path = _path(location)
        folder, name = os.path.split(path)
        draft = os.path.join(folder, f".{name[:200]}.{secrets.token_hex(6)}.tmp")
        with _told("write", location):
            file = _create(draft, folder)
            try:
                _write_all(file, body)
                _put_over(file, draft, path) if overwrite else _put_new(file, draft, path)
            except BaseException:
                with suppress(FileNotFoundError):
                    os.unlink(draft)
                raise
            finally:
                os.close(file)
            _sync_folder(folder)

    def delete(self, location: str) -> None:
        """See `FileSystem.delete`."""
        with _told("delete", location):
            try:
                os.unlink(_path(location))
            except FileNotFoundError:
                return

    def list(self, prefix: str) -> Iterator[FileInfo]:
        """See `FileSystem.list`; folder by folder in the order of names."""
        folders = [prefix]
        while folders:
            below, files = self.list_folder(folders.pop())
            yield from files
            folders.extend(reversed(below))

    def list_folder(self, location: str) -> tuple[Sequence[str], Sequence[FileInfo]]:
        """See `FileSystem.list_folder`."""
        folders: list[str] = []
        files: list[FileInfo] = []
        with _told("list", location):
            try:
                entries = sorted(os.scandir(_path(location)), key=lambda entry: entry.name)
            except (FileNotFoundError, NotADirectoryError):
                return folders, files
            for entry in entries:
                if entry.is_dir(follow_symlinks=False):
                    folders.append(join(location, entry.name))
                elif entry.is_file():
                    files.append(_info(join(location, entry.name), entry.stat()))
        return folders, files

    def make_directory(self, location: str) -> None:
        """See `FileSystem.make_directory`."""
        with _told("write", location):
            try:
                os.makedirs(_path(location), exist_ok=True)
            except FileNotFoundError:  # its parent was empty and removed in this moment
                os.makedirs(_path(location), exist_ok=True)

    def remove_empty_directory(self, location: str) -> bool:
        """See `FileSystem.remove_empty_directory`."""
        try:
            os.rmdir(_path(location))
        except OSError:
            return False
        return True

    def remove_directory(self, location: str) -> None:
        """See `FileSystem.remove_directory`."""
        path = _path(location)
        if path == "/":
            raise Denied("delete", location)
        with _told("delete", location):
            try:
                shutil.rmtree(path)
            except FileNotFoundError:
                return

    def move_directory(self, source: str, target: str) -> None:
        """See `FileSystem.move_directory`."""
        path = _path(target)
        with _told("move", source):
            if os.path.isdir(path) and os.listdir(path):
                raise AlreadyExists("folder", target)
            if not os.path.isdir(_path(source)):
                raise NotFound("folder", source)
            if os.path.isdir(path):
                os.rmdir(path)
            os.makedirs(os.path.dirname(path), exist_ok=True)
            shutil.move(_path(source), path)

    def open_input(self, location: str) -> IO[bytes]:
        """See `FileSystem.open_input`."""
        with _told("read", location):
            return open(_path(location), "rb")
