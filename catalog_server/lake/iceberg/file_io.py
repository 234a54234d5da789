"""The lake as pyiceberg's file access; imported where manifests are read only, since pyiceberg takes long to load."""

from __future__ import annotations

from typing import IO, Any

from pyiceberg.io import FileIO, InputFile

from catalog_server.lake.filesystem import Lake
from catalog_server.model.errors import NotFound


class LakeInput(InputFile):  # type: ignore[misc]
    """One file of the lake."""

    def __init__(self, lake: Lake, location: str) -> None:
        super().__init__(location)
        self.files = lake.filesystem(location)

    def __len__(self) -> int:
        """Its size in bytes."""
        return self.files.size(self.location)

    def exists(self) -> bool:
        """Whether it is there."""
        return self.files.is_file(self.location)

    def open(self, seekable: bool = True) -> IO[bytes]:  # noqa: ARG002
        """Read it; raises `FileNotFoundError`, as pyiceberg's own do."""
        try:
            return self.files.open_input(self.location)
        except NotFound as error:
            raise FileNotFoundError(error.message) from error


class LakeFileIO(FileIO):  # type: ignore[misc]
    """Reads from the lake with its own credentials; writes nothing."""

    def __init__(self, lake: Lake) -> None:
        super().__init__({})
        self.lake = lake

    def new_input(self, location: str) -> LakeInput:
        """The file of a location."""
        return LakeInput(self.lake, location)

    def new_output(self, location: str) -> Any:
        """Always raises `NotImplementedError`."""
        raise NotImplementedError(location)

    def delete(self, location: Any) -> None:
        """Always raises `NotImplementedError`."""
        raise NotImplementedError(str(location))
