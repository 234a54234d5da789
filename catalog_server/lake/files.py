"""What every file system of the lake can do, with full locations as names."""

from __future__ import annotations

import io
from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import chain, islice
from typing import IO, Any, ClassVar, cast


@dataclass(frozen=True, slots=True)
class FileInfo:
    """One file: its full location, spelled as the folder that was listed, its size in bytes and its time of change."""

    location: str
    size: int
    etag: str
    """Changes whenever the content does; opaque."""
    modified_at: int
    """Milliseconds since 1970, UTC."""


Entry = tuple[str, int, str, int]
"""A file as a plain tuple, for listings of millions: its path below what is listed, size, etag and time of change."""
PAGE = 1_000


class FileReader(ABC):
    """What those need who look into a file and do nothing else; errors are as those of `FileSystem`."""

    @abstractmethod
    def size(self, location: str) -> int:
        """Length of a file in bytes."""

    @abstractmethod
    def read(self, location: str, start: int = 0, length: int | None = None) -> bytes:
        """Bytes of a file from `start`, at most `length` of them; fewer (or none) where the file ends before."""

    def open_input(self, location: str) -> IO[bytes]:
        """A seekable file to read from, fit for pyarrow; each read is one of a range, so that a footer costs little."""
        return cast("IO[bytes]", _RangedFile(self, location, self.size(location)))


class FileSystem(FileReader):
    """Files and folders below one store. All methods take and give full locations.

    They raise `NotFound` for a missing file, `Denied` where credentials do not suffice, and `Unavailable` when the
    store does not answer (within about five seconds); the message names the location.
    """

    has_folders: ClassVar[bool] = True
    """Whether a folder must be there before a file can be; if not, making one costs a request and is a courtesy."""

    streams_first: ClassVar[int] = 1
    """By how many streams at once a listing begins that may take more."""

    @abstractmethod
    def stat(self, location: str) -> FileInfo:
        """Size, etag and time of one file."""

    @abstractmethod
    def write(self, location: str, body: bytes, overwrite: bool = True) -> None:
        """Write a whole file at once; with `overwrite=False` an existing one is kept and `AlreadyExists` raised."""

    @abstractmethod
    def delete(self, location: str) -> None:
        """Delete a file; one that is not there is no error."""

    @abstractmethod
    def list(self, prefix: str) -> Iterator[FileInfo]:
        """All files below a folder, however deep, as a stream; a folder that is not there has none."""

    def scan(self, folder: str, after: str = "") -> Iterator[Sequence[Entry]]:
        """All files below a folder by pages, those of one folder together; what sorts up to the path `after` may be left out."""
        start, head = len(folder.rstrip("/")) + 1, after.partition("/")[0]
        files = self.list(folder)
        if head:
            below = [one for one in self.list_folder(folder)[0] if one[start:] > head]
            files = chain.from_iterable(self.list(one) for one in below)
        while page := [(i.location[start:], i.size, i.etag, i.modified_at) for i in islice(files, PAGE)]:
            yield page

    @abstractmethod
    def list_folder(self, location: str) -> tuple[Sequence[str], Sequence[FileInfo]]:
        """The folders (locations) and files directly in a folder, sorted by name."""

    @abstractmethod
    def make_directory(self, location: str) -> None:
        """Make a folder and its parents; stores without folders leave a mark that stands for it."""

    @abstractmethod
    def remove_directory(self, location: str) -> None:
        """Delete a folder and all below it; one that is not there is no error."""

    def remove_empty_directory(self, location: str) -> bool:  # noqa: ARG002
        """Delete a folder if nothing is in it, and say whether it was; stores without folders have none."""
        return False

    @abstractmethod
    def move_directory(self, source: str, target: str) -> None:
        """Move a folder and all below it; raises `AlreadyExists` if the target holds anything."""

    @abstractmethod
    def is_directory(self, location: str) -> bool:
        """Whether there is such a folder (for object stores: anything below it)."""

    def size(self, location: str) -> int:
        """See `FileReader.size`."""
        return self.stat(location).size

    def exists(self, location: str) -> bool:
        """Whether there is a file or a folder of that name."""
        return self.is_file(location) or self.is_directory(location)

    @abstractmethod
    def is_file(self, location: str) -> bool:
        """Whether there is a file of that name."""


class _RangedFile(io.RawIOBase):
    """A file, read by ranges."""

    def __init__(self, files: FileReader, location: str, size: int) -> None:
        super().__init__()
        self.files = files
        self.location = location
        self.length = size
        self.position = 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return self.position

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        base = {io.SEEK_SET: 0, io.SEEK_CUR: self.position, io.SEEK_END: self.length}[whence]
        self.position = max(0, base + offset)
        return self.position

    def readall(self) -> bytes:
        return self.read(self.length - self.position) or b""

    def readinto(self, buffer: Any) -> int:
        view = memoryview(buffer).cast("B")
        wanted = min(len(view), self.length - self.position)
        if wanted <= 0:
            return 0
        body = self.files.read(self.location, self.position, wanted)
        view[: len(body)] = body
        self.position += len(body)
        return len(body)
