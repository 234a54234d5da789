"""Workbooks of Excel, made by hand so that what is in them is known."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Sequence

from tests.crawlers.corpus.kit import Layout, table

_MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_RELATIONS = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_HEAD = '<?xml version="1.0" encoding="UTF-8"?>'
Cell = str | float | bool | tuple[float, int] | None
"""A text, a number, a truth, a number with its style, or nothing."""


def workbook(*sheets: Sequence[Sequence[Cell]], prolog: str = "") -> bytes:
    """A workbook of these sheets; style 1 is a date, 2 a date with a time."""
    shared: list[str] = []
    sink = io.BytesIO()
    with zipfile.ZipFile(sink, "w", zipfile.ZIP_DEFLATED) as archive:
        for number, rows in enumerate(sheets, 1):
            body = "".join(_row(at, row, shared) for at, row in enumerate(rows, 1))
            sheet = f'{_HEAD}{prolog}<worksheet xmlns="{_MAIN}"><sheetData>{body}</sheetData></worksheet>'
            archive.writestr(f"xl/worksheets/sheet{number}.xml", sheet)
        names = "".join(f'<sheet name="S{n}" sheetId="{n}" r:id="rId{n}"/>' for n in range(1, len(sheets) + 1))
        links = "".join(
            f'<Relationship Id="rId{n}" Target="worksheets/sheet{n}.xml"/>' for n in range(1, len(sheets) + 1)
        )
        archive.writestr(
            "xl/workbook.xml",
            f'{_HEAD}<workbook xmlns="{_MAIN}" xmlns:r="{_RELATIONS}"><sheets>{names}</sheets></workbook>',
        )
        archive.writestr("xl/_rels/workbook.xml.rels", f"{_HEAD}<Relationships>{links}</Relationships>")
        texts = "".join(f"<si><t>{text}</t></si>" for text in shared)
        archive.writestr("xl/sharedStrings.xml", f'{_HEAD}<sst xmlns="{_MAIN}">{texts}</sst>')
        styles = '<cellXfs><xf numFmtId="0"/><xf numFmtId="14"/><xf numFmtId="164"/></cellXfs>'
        codes = '<numFmts><numFmt numFmtId="164" formatCode="yyyy\\-mm\\-dd hh:mm"/></numFmts>'
        archive.writestr("xl/styles.xml", f'{_HEAD}<styleSheet xmlns="{_MAIN}">{codes}{styles}</styleSheet>')
    return sink.getvalue()


def _row(number: int, row: Sequence[Cell], shared: list[str]) -> str:
    cells = "".join(
        _cell(f"{chr(65 + at)}{number}", value, shared) for at, value in enumerate(row) if value is not None
    )
    return f'<row r="{number}">{cells}</row>'


def _cell(place: str, value: Cell, shared: list[str]) -> str:
    if isinstance(value, bool):
        return f'<c r="{place}" t="b"><v>{int(value)}</v></c>'
    if isinstance(value, tuple):
        return f'<c r="{place}" s="{value[1]}"><v>{value[0]}</v></c>'
    if isinstance(value, str):
        shared.append(value)
        return f'<c r="{place}" t="s"><v>{len(shared) - 1}</v></c>'
    return f'<c r="{place}"><v>{value}</v></c>'


_ORDERS = [
    ["Id", "Customer", "Price", "Day", "At", "Paid"],
    [1.0, "Anna", 2.5, (45292, 1), (45292, 2), True],
    [],
    [2.0, None, 4.0, (45293, 1), (45293.75, 2), False],
]
_EVIL = '<!DOCTYPE w [<!ENTITY a "a">]>'
_FAR = '<worksheet xmlns="{}"><sheetData><row r="1"><c r="A1"><v>1</v></c><c r="XFD1"><v>1</v></c></row></sheetData></worksheet>'


def _far() -> bytes:
    """A sheet of two cells that are as far from each other as can be."""
    sink = io.BytesIO(workbook([[1.0]]))
    with zipfile.ZipFile(sink) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    parts["xl/worksheets/sheet1.xml"] = _FAR.format(_MAIN).encode()
    with zipfile.ZipFile(sink := io.BytesIO(), "w") as archive:
        for name, body in parts.items():
            archive.writestr(name, body)
    return sink.getvalue()


LAYOUTS = (
    Layout(
        "excel",
        {
            "orders/a.xlsx": workbook([], _ORDERS, [["not", "this"]]),
            "orders/b.xlsx": workbook([_ORDERS[0], [3.0, "Chen", 1.0, (45294, 1), (45294.25, 2), True]]),
            "plain/2024/a.xlsx": workbook([[1.0, "x"], [2.0, "y"]]),
        },
        {
            "orders": table(
                "Id bigint, Customer string, Price double, Day date, At timestamp, Paid boolean",
                3,
                id=6,
                price=7.5,
                **{"year(day)": 6072, "hour(at)": 24},
                format="excel",
                kind="Excel",
            ),
            "plain": table(
                "col0 bigint, col1 string",
                2,
                keys="partition_0 int",
                partitions=1,
                col0=3,
                partition_0=4048,
                format="excel",
                kind="Excel",
            ),
        },
    ),
    Layout(
        "excel_broken",
        {
            "t/good.xlsx": workbook([["n", "s"], [1.0, "x"], [2.0, "y"]]),
            "t/cut.xlsx": workbook(_ORDERS)[:-40],
            "t/words.xlsx": b"a,b\n1,2\n",
            "t/empty.xlsx": workbook([]),
            "t/entities.xlsx": workbook(_ORDERS, prolog=_EVIL),
            "t/far.xlsx": _far(),
            "t/old.xls": b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600),
        },
        {"t": table("n bigint, s string", 2, format="excel")},
        problems={
            "cut.xlsx": "directory is missing",
            "words.xlsx": "directory is missing",
            "empty.xlsx": "without rows",
            "entities.xlsx": "declares entities",
            "far.xlsx": "more than 5000 columns",
            "old.xls": "binary content",
        },
    ),
)
