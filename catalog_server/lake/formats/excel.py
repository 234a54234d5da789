"""Excel: the first sheet that holds rows, read row by row; nothing but the archive's own parts is read, within fixed bounds."""

from __future__ import annotations

import re
import zipfile
from collections.abc import Iterator
from datetime import datetime, timedelta
from itertools import chain
from typing import IO

from catalog_server.lake.files import FileInfo, FileReader
from catalog_server.lake.formats.base import FileProblem, FileSchema, first_line
from catalog_server.lake.formats.csv import COLUMNS_MAX, column_names, column_type, header_of
from catalog_server.lake.formats.markup import PIECE_BYTES, Markup, NotMarkup, Start
from catalog_server.lake.formats.packing import DAMAGED, check_directory
from catalog_server.model.table import Column

MAGIC = b"PK\x03\x04"
SHARED_CHARACTERS_MAX = 32 * 1024 * 1024
"""Texts that cells share are held in memory while a sheet is read."""
SHARED_MAX = 2_000_000
"""More shared texts are refused."""
LOOKED_BYTES_MAX = 256 * 1024 * 1024
"""To tell its columns no more is unpacked of a workbook."""
READ_BYTES_MAX = 8 * 1024 * 1024 * 1024
_SMALL_BYTES_MAX = 16 * 1024 * 1024
"""No part but texts and sheets may unpack to more."""
_PARTS_MAX = 10_000
_CELL_CHARACTERS_MAX = 1024 * 1024
_ROW_CHARACTERS_MAX = 16 * 1024 * 1024
_ROWS_MAX = 5_000
_HELD_BYTES_MAX = 64 * 1024 * 1024
"""Of larger rows fewer are looked at."""
_CELL_BYTES = 64
"""What a cell takes in memory beside its characters."""
_CODE_CHARACTERS_MAX = 1_000
"""Excel itself allows 255 for the code of a format."""
_DATES = {number: number > 17 for number in (*range(14, 23), *range(45, 48))}
"""Excel's own formats of numbers that are dates, and whether they show a time of a day."""
_NO_LETTERS = re.compile(r'"[^"]*"|\[[^\]]*\]|\\.')
_BASE = {False: datetime(1899, 12, 30), True: datetime(1904, 1, 1)}


def check_ends(files: FileReader, info: FileInfo) -> None:
    """Look for the archive's directory; raises `FileProblem` for a file that was cut off or is no workbook."""
    try:
        with files.open_input(info.location) as file:
            _opened(file)
    except ValueError as error:
        raise FileProblem(str(error)) from error


def inspect(files: FileReader, info: FileInfo) -> FileSchema:
    """The columns of the first sheet with rows, named by its first row if that looks like it; raises `FileProblem`."""
    held: list[list[str]] = []
    size, cut = 0, False
    try:
        with files.open_input(info.location) as file:
            for row in rows(file, LOOKED_BYTES_MAX):
                held.append(row)
                size += sum(map(len, row)) + _CELL_BYTES * len(row)
                if cut := len(held) > _ROWS_MAX or size > _HELD_BYTES_MAX:
                    break
    except ValueError as error:
        raise FileProblem(str(error)) from error
    if not held:
        raise FileProblem("a workbook without rows")
    header = header_of(held, True)
    width = max(map(len, held))
    names = column_names(held[0] if header else [], width)
    data = held[1:] if header else held
    kinds = [column_type([row[n] for row in data if n < len(row)], "")[0] for n in range(width)]
    columns = tuple(Column(name, kind) for name, kind in zip(names, kinds, strict=True))
    count = None if cut else len(data)
    return FileSchema("excel", columns, {"header": str(header).lower()}, count)


def rows(file: IO[bytes], limit: int = READ_BYTES_MAX) -> Iterator[list[str]]:
    """The rows of the first sheet that has any, as texts that a CSV file would have.

    Raises `ValueError`, also for a workbook of which more than `limit` bytes would have to be unpacked.
    """
    archive = _Parts(_opened(file), limit)
    shared = _shared(archive)
    dates, since_1904 = _date_styles(archive), False
    sheets: list[str] = []

    def workbook(name: str, attributes: dict[str, str]) -> None:
        nonlocal since_1904
        if name == "workbookPr":
            since_1904 = attributes.get("date1904") in ("1", "true")
        elif name == "sheet" and len(sheets) < _PARTS_MAX:
            sheets.append(next((value for key, value in attributes.items() if key.endswith(":id")), ""))

    _walk(archive, "xl/workbook.xml", workbook)
    places = _places(archive)
    for sheet in sheets:
        found = _sheet_rows(archive, places.get(sheet, ""), shared, dates, _BASE[since_1904])
        first = next(found, None)
        if first is not None:
            yield from chain([first], found)
            return


def _opened(file: IO[bytes]) -> zipfile.ZipFile:
    check_directory(file, _PARTS_MAX)
    try:
        archive = zipfile.ZipFile(file)
    except DAMAGED as error:
        raise ValueError("the Excel file is truncated or damaged: its directory cannot be read") from error
    if "xl/workbook.xml" not in archive.namelist():
        raise ValueError("no workbook: the archive has no xl/workbook.xml")
    return archive


class _Parts:
    """The parts of a workbook, of which no more than so many bytes are unpacked."""

    def __init__(self, archive: zipfile.ZipFile, limit: int) -> None:
        self._archive, self._limit, self._left = archive, limit, limit
        self._names = frozenset(archive.namelist())

    def feed(self, part: str, markup: Markup, limit: int | None = None) -> Iterator[None]:
        """Feed a part, if there is one, a piece at a time; raises `ValueError`."""
        if part not in self._names:
            return
        before = self._left
        try:
            with self._archive.open(part) as stream:
                while piece := stream.read(PIECE_BYTES):
                    self._left -= len(piece)
                    if self._left < 0 or (limit is not None and before - self._left > limit):
                        raise ValueError(f"{part} unpacks to more than {limit or self._limit} bytes")
                    markup.feed(piece)
                    yield
            markup.feed(b"", True)
            yield
        except ValueError as error:
            raise ValueError(f"a workbook that is not read: {error}") from error
        except (NotMarkup, *DAMAGED) as error:
            raise ValueError(f"a damaged workbook: {part}: {first_line(error)}") from error


def _walk(archive: _Parts, part: str, start: Start) -> None:
    """Look at the elements of a small part."""
    for _ in archive.feed(part, Markup(start), _SMALL_BYTES_MAX):
        pass


def _places(archive: _Parts) -> dict[str, str]:
    places: dict[str, str] = {}

    def relation(name: str, attributes: dict[str, str]) -> None:
        if name == "Relationship" and attributes.get("TargetMode") != "External":
            target = attributes.get("Target", "")
            places[attributes.get("Id", "")] = target.lstrip("/") if target.startswith("/") else f"xl/{target}"

    _walk(archive, "xl/_rels/workbook.xml.rels", relation)
    return places


def _date_styles(archive: _Parts) -> dict[int, bool]:
    """The styles in which a number is shown as a date or time, and whether a time is shown."""
    dates = dict(_DATES)
    formats: list[int] = []
    inside = False

    def style(name: str, attributes: dict[str, str]) -> None:
        nonlocal inside
        if name == "numFmt":
            code = _NO_LETTERS.sub("", attributes.get("formatCode", "")[:_CODE_CHARACTERS_MAX]).lower()
            if re.search("[ymdhs]", code):
                dates[_whole(attributes.get("numFmtId"))] = re.search("[hs]", code) is not None
        elif name in ("cellXfs", "cellStyleXfs", "cellStyles"):
            inside = name == "cellXfs"
        elif name == "xf" and inside:
            formats.append(_whole(attributes.get("numFmtId")))

    _walk(archive, "xl/styles.xml", style)
    return {index: dates[number] for index, number in enumerate(formats) if number in dates}


def _whole(text: str | None) -> int:
    return int(text) if text and text.isdecimal() and len(text) < 10 else 0


def _shared(archive: _Parts) -> list[str]:
    """The texts that cells share."""
    texts: list[str] = []
    parts: list[str] = []
    size = length = 0
    reading = False

    def start(name: str, _: dict[str, str]) -> None:
        nonlocal reading
        reading = name == "t"

    def end(name: str) -> None:
        nonlocal reading, length
        reading = False
        if name == "si":
            if len(texts) >= SHARED_MAX:
                raise ValueError(f"more than {SHARED_MAX} shared texts")
            length = 0
            texts.append("".join(parts))
            parts.clear()

    def text(found: str) -> None:
        nonlocal size, length
        if reading:
            size += len(found)
            length += len(found)
            if size > SHARED_CHARACTERS_MAX:
                raise ValueError(f"more than {SHARED_CHARACTERS_MAX} characters of shared texts")
            if length > _CELL_CHARACTERS_MAX:
                raise ValueError(f"a cell of more than {_CELL_CHARACTERS_MAX} characters")
            parts.append(found)

    for _ in archive.feed("xl/sharedStrings.xml", Markup(start, end, text)):
        pass
    return texts


class _Sheet:
    """Takes a sheet's elements and makes rows of them."""

    def __init__(self, shared: list[str], dates: dict[int, bool], base: datetime) -> None:
        self.rows: list[list[str]] = []
        self._shared, self._dates, self._base = shared, dates, base
        self._row: list[str] = []
        self._cell: dict[str, str] = {}
        self._text: list[str] = []
        self._reading = False
        self._size = self._row_size = 0

    def start(self, name: str, attributes: dict[str, str]) -> None:
        """An element begins."""
        if name == "row":
            self._row, self._row_size = [], 0
        elif name == "c":
            self._cell, self._size = attributes, 0
            self._text.clear()
        self._reading = name in ("v", "t")

    def text(self, text: str) -> None:
        """A part of a text."""
        if self._reading:
            self._size += len(text)
            if self._size > _CELL_CHARACTERS_MAX:
                raise ValueError(f"a cell of more than {_CELL_CHARACTERS_MAX} characters")
            self._text.append(text)

    def end(self, name: str) -> None:
        """An element ends."""
        self._reading = False
        if name == "c" and (value := self._value("".join(self._text))):
            at = _column(self._cell.get("r", ""), len(self._row))
            self._row.extend([""] * (at - len(self._row)))
            self._row[at:] = [value]
            self._row_size += len(value)
            if self._row_size > _ROW_CHARACTERS_MAX:
                raise ValueError(f"a row of more than {_ROW_CHARACTERS_MAX} characters")
        elif name == "row" and any(self._row):
            self.rows.append(self._row)

    def _value(self, text: str) -> str:
        kind = self._cell.get("t", "n")
        if kind == "s":
            number = _whole(text)
            return self._shared[number] if number < len(self._shared) else ""
        if kind == "b":
            return "true" if text == "1" else "false"
        if kind == "n" and text:
            return self._number(text)
        return "" if kind == "e" else text

    def _number(self, text: str) -> str:
        try:
            number = float(text)
            timed = self._dates.get(_whole(self._cell.get("s")))
            if timed is not None:
                return _moment(self._base, number, timed)
        except (ValueError, OverflowError):
            return text
        return str(int(number)) if number.is_integer() and abs(number) < 2**53 else repr(number)


def _moment(base: datetime, days: float, timed: bool) -> str:
    """A date, a time of a day, or both, in ISO's form; where a time is shown there is one, midnight too."""
    moment = base + timedelta(seconds=round(days * 86_400))
    if 0 <= days < 1:
        return moment.time().isoformat()
    return moment.isoformat(" ") if timed or moment.time() != base.time() else moment.date().isoformat()


def _column(reference: str, following: int) -> int:
    """The number of a cell's column by its reference (`B7` is 1), or the next one; raises `ValueError` for one too far."""
    number = 0
    for letter in reference[:4].upper():
        if not "A" <= letter <= "Z":
            break
        number = number * 26 + ord(letter) - 64
    at = number - 1 if number else following
    if at >= COLUMNS_MAX:
        raise ValueError(f"a sheet of more than {COLUMNS_MAX} columns")
    return at


def _sheet_rows(
    archive: _Parts, part: str, shared: list[str], dates: dict[int, bool], base: datetime
) -> Iterator[list[str]]:
    sheet = _Sheet(shared, dates, base)
    for _ in archive.feed(part, Markup(sheet.start, sheet.end, sheet.text)):
        yield from sheet.rows
        sheet.rows.clear()
