"""Markup fed to expat piece by piece: entities are not read, nor is a tag that does not end."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from xml.parsers import expat

PIECE_BYTES = 65_536
TAG_BYTES_MAX = 1024 * 1024
"""A tag, a comment or the like that goes on after so many bytes is refused: expat begins it anew with every piece."""

NotMarkup = expat.ExpatError
"""What is no XML."""
Start = Callable[[str, dict[str, str]], None]


class Markup:
    """A document that comes in pieces; its elements and texts are told to what was given."""

    def __init__(
        self, start: Start, end: Callable[[str], None] | None = None, text: Callable[[str], None] | None = None
    ) -> None:
        self._expat = expat.ParserCreate()
        self._expat.buffer_text = True
        self._expat.StartElementHandler = start
        self._expat.EndElementHandler = end
        self._expat.CharacterDataHandler = text
        self._expat.EntityDeclHandler = _refuse
        self._fed = self._seen = 0

    def feed(self, piece: bytes, last: bool = False) -> None:
        """Go on with some bytes; raises `NotMarkup`, and `ValueError` for what is not read."""
        self._expat.Parse(piece, last)
        self._fed += len(piece)
        self._seen = max(self._seen, self._expat.CurrentByteIndex)
        if self._fed - self._seen > TAG_BYTES_MAX and not last:
            raise ValueError(f"a tag or comment that does not end within {TAG_BYTES_MAX} bytes")


def _refuse(*_: Any) -> None:
    raise ValueError("it declares entities, which are not read")
