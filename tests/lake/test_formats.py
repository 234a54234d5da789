"""What files hold, told from their bytes alone."""

from __future__ import annotations

import bz2
import gzip
import io
import json
import zipfile
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import fastavro
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pyarrow.orc import write_table as write_orc

from catalog_server.lake.filesystem import Lake
from catalog_server.lake.formats import avro_blocks, csv, excel, sniff, xml
from catalog_server.lake.formats.base import FileProblem, FileSchema, Sample
from catalog_server.lake.formats.widen import widen
from catalog_server.model.types import parse_type


def look(folder: Path, name: str, body: bytes, **options: str) -> FileSchema:
    path = folder / name
    path.write_bytes(body)
    files = Lake().filesystem(str(path))
    info = files.stat(str(path))
    sniff.peek(files, info, {}, sniff.inspect)
    return sniff.inspect(files, info, options)


def types(schema: FileSchema) -> dict[str, str]:
    return {column.name: column.type for column in schema.columns}


def parquet(table: pa.Table) -> bytes:
    sink = pa.BufferOutputStream()
    pq.write_table(table, sink)
    return sink.getvalue().to_pybytes()


def columns_or_reason(look_at: Callable[[], FileSchema]) -> FileSchema | str:
    try:
        return look_at()
    except FileProblem as problem:
        return str(problem)


CSV_CASES: list[tuple[str, dict[str, str], dict[str, str]]] = [
    ("a,b\n1,x\n2,y\n", {"a": "bigint", "b": "string"}, {"header": "true", "delimiter": ","}),
    ("a;b\n1;2.5\n2;.5\n", {"a": "bigint", "b": "double"}, {"delimiter": ";"}),
    ("a\tb\n1\ttrue\n2\tFALSE\n", {"a": "bigint", "b": "boolean"}, {"delimiter": "\t"}),
    ("a|b\n1|2020-02-29\n2|1999-12-31\n", {"a": "bigint", "b": "date"}, {"delimiter": "|"}),
    ("id,zip\n1,00123\n2,12345\n", {"id": "bigint", "zip": "string"}, {}),
    ("id,n\n1,NA\n2,7\n", {"id": "bigint", "n": "bigint"}, {"nullValue": "NA"}),
    ("id,d\n1,2020-02-30\n2,2020-02-01\n", {"id": "bigint", "d": "string"}, {}),
    (
        "id,t\n1,2013-01-01T10:00:00Z\n2,2013-01-01T11:00:00Z\n",
        {"id": "bigint", "t": "timestamp"},
        {"timestamps": "yyyy-MM-dd'T'HH:mm:ss'Z'"},
    ),
    ("id,t\n1,2013-01-01T10:00:00Z\n2,2013-01-01 11:00:00\n", {"id": "bigint", "t": "string"}, {}),
    ('id,name\n1,"x, y"\n2,"say ""hi"""\n', {"id": "bigint", "name": "string"}, {"quoted": "true", "quote": '"'}),
    ('id,name\n1,"two\nlines"\n2,one\n', {"id": "bigint", "name": "string"}, {"multiLine": "true"}),
    ("n,m\n1,99999999999999999999\n2,3\n", {"n": "bigint", "m": "decimal(38,0)"}, {}),
    ("code,name\nLAX,Los Angeles\nJFK,New York\n", {"code": "string", "name": "string"}, {"header": "true"}),
    ("LAX,Los Angeles\nJFK,New York\nSFO,San Jose\n", {"col0": "string", "col1": "string"}, {"header": "false"}),
    ("1,2\n3,4\n", {"col0": "bigint", "col1": "bigint"}, {"header": "false"}),
    ("a,a,,b\n1,2,3,4\n5,6,7,8\n", {"a": "bigint", "a_2": "bigint", "col2": "bigint", "b": "bigint"}, {}),
    ("a,b\r\n1,2\r\n3,4\r\n", {"a": "bigint", "b": "bigint"}, {}),
    ("\ufeffa,b\n1,2\n3,4\n", {"a": "bigint", "b": "bigint"}, {}),
    ("a,b\n1,\n2,\n", {"a": "bigint", "b": "void"}, {}),
]


def orc(**columns: pa.Array) -> bytes:
    sink = pa.BufferOutputStream()
    write_orc(pa.table(columns), sink)
    return sink.getvalue().to_pybytes()


ORC = orc(Id=pa.array([1, 2], pa.int16()), at=pa.array([0, 1], pa.timestamp("ns")))


def test_the_footer_of_orc_tells_columns_and_rows(tmp_path: Path) -> None:
    for name in ("x.orc", "000000_0"):
        found = look(tmp_path, name, ORC)
        assert (found.format, found.rows, types(found)) == ("orc", 2, {"Id": "smallint", "at": "timestamp"})


def test_a_text_that_begins_like_orc_is_a_text(tmp_path: Path) -> None:
    assert look(tmp_path, "x.csv", b"ORCHID,n\nrose,1\ntulip,2\n").format == "csv"


@pytest.mark.parametrize(("text", "columns", "options"), CSV_CASES)
def test_csv_is_told_by_its_rows(tmp_path: Path, text: str, columns: dict[str, str], options: dict[str, str]) -> None:
    found = look(tmp_path, "x.csv", text.encode())
    assert types(found) == columns
    assert {key: found.options.get(key) for key in options} == options


@pytest.mark.parametrize(
    ("name", "pack"),
    [("x.csv.gz", gzip.compress), ("x.csv.bz2", bz2.compress), ("x.csv.zst", pa.Codec("zstd").compress)],
)
def test_packed_files_are_read_through(tmp_path: Path, name: str, pack: Any) -> None:
    body = b"a,b\n1,x\n2,y\n"
    packed = pack(body, asbytes=True) if name.endswith("zst") else pack(body)
    found = look(tmp_path, name, packed)
    assert types(found) == {"a": "bigint", "b": "string"}
    assert found.options["compression"]
    assert found.rows == 2


def test_a_csv_header_can_be_denied_or_insisted_on(tmp_path: Path) -> None:
    body = b"a,b\nc,d\n"
    assert types(look(tmp_path, "x.csv", body, **{"csv.header": "absent"})) == {"col0": "string", "col1": "string"}
    assert types(look(tmp_path, "x.csv", body, **{"csv.header": "present"})) == {"a": "string", "b": "string"}


def test_text_that_is_not_utf8_says_so(tmp_path: Path) -> None:
    found = look(tmp_path, "x.csv", "name,n\nGrößer,1\nKlein,2\n".encode("latin-1"))
    assert found.options["encoding"] == "ISO-8859-1"


def test_json_lines_have_nested_types(tmp_path: Path) -> None:
    rows = [
        {"id": 1, "Tags": ["a"], "at": {"x": 1, "y": None}, "mixed": 1, "nothing": None, "empty": []},
        {"id": 2.5, "Tags": [], "at": {"y": True}, "mixed": "one", "nothing": None, "empty": []},
    ]
    found = look(tmp_path, "x.jsonl", b"\n".join(json.dumps(row).encode() for row in rows) + b"\n")
    assert types(found) == {
        "id": "double",
        "Tags": "array<string>",
        "at": "struct<x:bigint,y:boolean>",
        "mixed": "string",
        "nothing": "string",
        "empty": "array<string>",
    }
    assert found.rows == 2


def test_parquet_types_have_their_counterparts(tmp_path: Path) -> None:
    table = pa.table(
        {
            "b": pa.array([True]),
            "i8": pa.array([1], pa.int8()),
            "u32": pa.array([1], pa.uint32()),
            "u64": pa.array([1], pa.uint64()),
            "f": pa.array([1.0], pa.float32()),
            "d": pa.array([1], pa.decimal128(10, 2)),
            "day": pa.array([0], pa.date32()),
            "wall": pa.array([0], pa.timestamp("us")),
            "instant": pa.array([0], pa.timestamp("ms", "UTC")),
            "s": pa.array(["x"]).dictionary_encode(),
            "raw": pa.array([b"x"]),
            "list": pa.array([[1]], pa.list_(pa.int32())),
            "map": pa.array([[("k", 1)]], pa.map_(pa.string(), pa.int64())),
            "st": pa.array([{"A b": 1}], pa.struct([("A b", pa.int64())])),
            "t": pa.array([0], pa.time64("us")),
        }
    )
    found = look(tmp_path, "x.parquet", parquet(table))
    assert types(found) == {
        "b": "boolean",
        "i8": "tinyint",
        "u32": "bigint",
        "u64": "decimal(20,0)",
        "f": "float",
        "d": "decimal(10,2)",
        "day": "date",
        "wall": "timestamp",
        "instant": "timestamp with local time zone",
        "s": "string",
        "raw": "binary",
        "list": "array<int>",
        "map": "map<string,bigint>",
        "st": "struct<`A b`:bigint>",
    }
    assert found.rows == 1
    assert any("column t of type time64" in note for note in found.notes)


PARQUET = parquet(pa.table({"n": [1, 2]}))


def zipped(parts: dict[str, bytes], packing: int = zipfile.ZIP_STORED) -> bytes:
    sink = io.BytesIO()
    with zipfile.ZipFile(sink, "w", packing) as archive:
        for name, body in parts.items():
            archive.writestr(name, body)
    return sink.getvalue()


STYLES, SHARED, SHEET = "xl/styles.xml", "xl/sharedStrings.xml", "xl/sheet.xml"
BOOK = {
    "xl/workbook.xml": b'<workbook xmlns:r="r"><sheets><sheet name="s" r:id="rId1"/></sheets></workbook>',
    "xl/_rels/workbook.xml.rels": b'<Relationships><Relationship Id="rId1" Target="sheet.xml"/></Relationships>',
    SHEET: b"<worksheet><sheetData><row><c><v>1</v></c></row></sheetData></worksheet>",
}


def workbook(part: str = SHEET, body: bytes = BOOK[SHEET]) -> bytes:
    return zipped({**BOOK, part: body}, zipfile.ZIP_DEFLATED)


MIB = 1024 * 1024
ZIP = zipped({"a.csv": b"a,b\n1,2\n3,4\n"})
LZMA = zipped({"a.csv": b"a,b\n" + b"1,2\n" * 500}, zipfile.ZIP_LZMA)
PROBLEMS: list[tuple[str, bytes, str]] = [
    ("x.csv", b"", "empty: 0 bytes"),
    ("x.csv", b" \n\n", "nothing but white space"),
    ("x.parquet", PARQUET[:-20], "truncated"),
    ("x.parquet", PARQUET[:6], "too few for a Parquet file"),
    ("x.parquet", PARQUET[:8] + b"\x00" * 40 + PARQUET[-8:], "damaged Parquet"),
    ("x.parquet", b"a,b\n1,2\n", "wrongly named: its name says Parquet"),
    ("x.csv", PARQUET, "wrongly named: its name says CSV, its content is Parquet"),
    ("x.json", b"a,b\n1,2\n", "wrongly named: its name says JSON, its content is no JSON"),
    ("x.csv", b'{"a": 1}\n', "wrongly named: its name says CSV, its content is JSON"),
    ("x.csv", gzip.compress(b"a,b\n1,2\n"), "wrongly named: gzip data"),
    ("x.csv.gz", b"a,b\n1,2\n", "wrongly named: not packed"),
    ("x.csv.gz", gzip.compress(bytes(range(256)) * 40)[:60], "truncated"),
    ("x.csv.gz", b"\x1f\x8b" + b"\x07" * 40, "damaged gzip"),
    ("x.csv", b"a,b\n1,2\n3,4\n5", "the last row has 1 of 2 fields: the file is truncated"),
    ("x.csv", b'a,b\n1,"x\n', "truncated or damaged"),
    ("x.csv", bytes(range(256)) * 10, "binary content"),
    ("x.json", b'{"a": 1}\n{"a": ', "line 2 breaks off: the file is truncated"),
    ("x.json", b'{"a": 1}\nnope\n{"a": 2}\n', "line 2 is not JSON"),
    ("x.json", b'{"a": 1}\n2\n', "line 2 is no JSON object"),
    ("x", b"just words\nand no data\n", "text without columns"),
    ("x.orc", ORC[:-20], "the ORC file is truncated"),
    ("x.orc", b"ORC" + b"\x00" * 300 + ORC[-60:], "damaged ORC"),
    ("x.orc", b"a,b\n1,2\n", "wrongly named: its name says ORC"),
    ("x.parquet", ORC, "wrongly named: its name says Parquet, its content is ORC"),
    ("x.avro", b"Obj\x01\x04\x14avro.codec", "the Avro file is truncated"),
    ("x.zip", b"PK\x03\x04" + b"\x00" * 40, "the ZIP archive is truncated"),
    ("x.csv.zip", ZIP.replace(b"1,2", b"1,9"), "damaged zip data: Bad CRC-32"),
    ("x.csv.zip", LZMA[:44] + b"\xff" * 20 + LZMA[64:], "damaged zip data"),
    ("x.xlsx", workbook().replace(b"PK\x03\x04", b"PK\x03\x05"), "a damaged workbook: xl/"),
    ("x.xlsx", workbook(STYLES, b'<a b="' + b"x" * (2 * MIB) + b'"/>'), "that does not end within"),
    ("x.xlsx", workbook(STYLES, b"<a>" + b" " * (17 * MIB) + b"</a>"), "unpacks to more than"),
    ("x.xlsx", workbook(SHEET, b"<a><c><v>" + b"x" * (2 * MIB) + b"</v></c></a>"), "a cell of more than"),
    ("x.orc", orc(Ungewoehnlich=pa.array([1])).replace(b"Ungewoehnlich", b"Ungew\xf6\xf6hnlich"), "no UTF-8"),
]


def test_a_code_of_endless_brackets_keeps_nobody_busy(tmp_path: Path) -> None:
    styles = b'<a><numFmt numFmtId="200" formatCode="' + b"[" * 500_000 + b'"/></a>'
    assert types(look(tmp_path, "x.xlsx", workbook(STYLES, styles))) == {"col0": "bigint"}


def test_shared_texts_of_nothing_are_counted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(excel, "SHARED_MAX", 100)
    with pytest.raises(FileProblem, match="more than 100 shared texts"):
        look(tmp_path, "x.xlsx", workbook(SHARED, b"<a>" + b"<si/>" * 101 + b"</a>"))


def test_of_large_rows_fewer_are_looked_at(tmp_path: Path) -> None:
    row = b'<row><c t="str"><v>' + b"x" * MIB + b"</v></c></row>"
    assert look(tmp_path, "x.xlsx", workbook(SHEET, b"<a>" + row * 20 + b"</a>")).rows == 20
    assert look(tmp_path, "x.xlsx", workbook(SHEET, b"<a>" + row * 80 + b"</a>")).rows is None


ROWS = {
    "elements": (b"<a/>" * 300_000, "longer than"),
    "attributes": (b'<a b="" c=""/>' * 60_000, "longer than"),
    "text": (b"<a>" + b"x" * 17 * MIB, "longer than"),
    "a tag": (b'<a b="' + b"x" * 2 * MIB + b'"/>', "that does not end within"),
    "a comment": (b"<!--" + b"x" * 2 * MIB + b"-->", "that does not end within"),
}


@pytest.mark.parametrize(("row", "reason"), ROWS.values(), ids=ROWS)
def test_a_row_that_would_fill_the_memory_is_refused(row: bytes, reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        list(xml.rows(io.BytesIO(b"<t><r>" + row + b"</r></t>"), "r"))


def avro(codec: str, *rows: Any) -> bytes:
    sink = io.BytesIO()
    schema = {"type": "record", "name": "row", "fields": [{"name": "a", "type": "string"}]}
    fastavro.writer(sink, schema, [{"a": row} for row in rows], codec, sync_marker=b"=" * 16)
    return sink.getvalue()


@pytest.mark.parametrize("codec", ["null", "deflate", "snappy", "bzip2", "xz", "zstandard"])
def test_blocks_of_avro_are_unpacked_within_bounds(codec: str) -> None:
    texts = ["x" * 9_000, "y"] * 10
    found = fastavro.reader(avro_blocks.plain(io.BytesIO(avro(codec, *texts))))
    assert [row["a"] for row in found] == texts
    with pytest.raises(ValueError, match=r"a block (of|that unpacks to) "):
        avro_blocks.plain(io.BytesIO(avro(codec, "x" * 17 * MIB))).read()


def test_an_avro_block_of_more_rows_than_bytes_is_refused() -> None:
    body = avro("null", "x").replace(b"=" * 16 + b"\x02\x04", b"=" * 16 + b"\x7e\x04")
    with pytest.raises(ValueError, match="a block of 63 rows in 2 bytes"):
        avro_blocks.plain(io.BytesIO(body)).read()


LONG_CSV = b"a,b\n" + b"".join(b"%d,%d\n" % (n, n) for n in range(200_000))
LONG_JSON = b"".join(b'{"a": %d}\n' % n for n in range(200_000))


@pytest.mark.parametrize(
    ("name", "body", "columns"),
    [("x.csv", LONG_CSV, ["a", "b"]), ("x.json", LONG_JSON, ["a"]), ("x.csv", LONG_CSV + b"7,7", ["a", "b"])],
)
def test_of_long_files_the_beginning_is_enough(tmp_path: Path, name: str, body: bytes, columns: list[str]) -> None:
    found = look(tmp_path, name, body)
    assert list(types(found)) == columns
    assert found.rows is None


PROBLEMS += [
    ("x.csv", LONG_CSV + b"7", "last row has 1 of 2 fields: the file is truncated"),
    ("x.json", LONG_JSON + b'{"a"', "last line breaks off: the file is truncated"),
]


@pytest.mark.parametrize(("name", "body", "reason"), PROBLEMS, ids=[reason for _, _, reason in PROBLEMS])
def test_what_is_wrong_with_a_file_is_said(tmp_path: Path, name: str, body: bytes, reason: str) -> None:
    with pytest.raises(FileProblem, match=reason):
        look(tmp_path, name, body)


@settings(deadline=None, max_examples=60)
@given(st.binary(max_size=400), st.sampled_from(["x", "x.csv", "x.json", "x.parquet", "x.csv.gz"]))
def test_any_bytes_give_columns_or_a_reason(tmp_path_factory: pytest.TempPathFactory, body: bytes, name: str) -> None:
    found = columns_or_reason(lambda: look(tmp_path_factory.getbasetemp(), name, body))
    assert found if isinstance(found, str) else found.columns


@settings(deadline=None, max_examples=60)
@given(st.lists(st.lists(st.text(st.characters(codec="ascii", exclude_characters='\r\n\x00"'), max_size=5), min_size=2,
                         max_size=4), min_size=2, max_size=6))  # fmt: skip
def test_any_rows_give_columns_or_a_reason(rows: list[list[str]]) -> None:
    body = "\n".join(",".join(row) for row in rows).encode()
    found = columns_or_reason(lambda: csv.inspect(Sample(body, body, None, True)))
    names = [found] if isinstance(found, str) else [column.key for column in found.columns]
    assert len(set(names)) == len(names)
    assert all(names)


KINDS = st.sampled_from(
    ["int", "bigint", "double", "string", "void", "boolean", "date", "decimal(10,2)", "array<int>", "array<string>",
     "struct<a:int>", "struct<a:string,b:date>", "map<string,int>"]
).map(parse_type)  # fmt: skip


@given(KINDS, KINDS, st.booleans())
def test_widening_does_not_depend_on_the_order(left: Any, right: Any, text: bool) -> None:
    one, other = widen(left, right, text=text), widen(right, left, text=text)
    assert (one is None) == (other is None)
    if one is not None and other is not None:
        assert {one.name, len(one.fields)} == {other.name, len(other.fields)}
        assert widen(one, left, text=text) == one


@given(KINDS, KINDS)
def test_text_always_has_a_common_type(left: Any, right: Any) -> None:
    assert widen(left, right, text=True) is not None


def test_many_long_texts_are_sniffed_at_once() -> None:
    text = "a;b;c\n" + "1;2;some words of a certain length\n" * 25_000
    with ThreadPoolExecutor(20) as pool:
        assert {one.delimiter for one in pool.map(csv.sniff, [text] * 100)} == {";"}


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("struct<x y:int>", "x y"),
        ("struct< a  b : int>", "a  b"),
        ("struct<`x y`:int>", "x y"),
        ("struct<a-b:int>", "a-b"),
        ("struct<1st time:int>", "1st time"),
    ],
)
def test_names_of_fields_keep_their_spaces(text: str, name: str) -> None:
    kind = parse_type(text)
    assert [field for field, _ in kind.fields] == [name]
    assert parse_type(str(kind)) == kind
