"""CSV and its kin: the dialect by DuckDB's sniffer, the header and the types by a look at the rows themselves.

Types are given only where Spark, Trino and DuckDB read the same values: integers without leading zeros, decimals with a
point, ISO dates and times. Everything else is a string, so that no engine shows a null where the file holds a value.
"""

from __future__ import annotations

import csv
import re
import tempfile
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from functools import cache, lru_cache
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from catalog_server.lake.formats.base import FileProblem, FileSchema, Sample, decode, whole_lines
from catalog_server.model.errors import Invalid
from catalog_server.model.table import Column
from catalog_server.model.types import parse_type

if TYPE_CHECKING:
    import duckdb

ROWS_MAX = 20_000
COLUMNS_MAX = 5_000
_BUFFER_BYTES = 4 * 1024 * 1024
"""Of each text that is sniffed: many are at once, and what DuckDB takes if nothing is said does not do for sixteen."""
NULL_WORDS = ("NA", "N/A", "NULL", "null", "None", "\\N", "nan", "NaN", "-")

_RARE = ("\x01", "\x02", "^", "~")
_INTEGER = re.compile(r"[+-]?(0|[1-9]\d{0,37})")
_NUMBER = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d{1,3})?")
_COMMA = re.compile(r"[+-]?(\d{1,3}([. ]\d{3})+|\d+)(,\d+)?")
_LEADING_ZERO = re.compile(r"[+-]?0\d+")
_DATE = re.compile(r"\d{4}-\d{2}-\d{2}")
_TIME = re.compile(r"(\d{4}-\d{2}-\d{2})([ T])([01]\d|2[0-3]):[0-5]\d:[0-5]\d(\.\d{1,9})?(Z?)")
_NAME = re.compile(r"[^\W\d][^\x00-\x1f\"<>{}]{0,127}|[#%$] ?[^\W\d][\w .]*")
_YEAR = re.compile(r"(1[5-9]|20)\d{2}")


@dataclass(frozen=True, slots=True)
class Dialect:
    """How the fields of a text are told apart."""

    delimiter: str
    quote: str
    escape: str
    header: bool
    """What the sniffer thinks of the first row."""


@dataclass(frozen=True, slots=True)
class Said:
    """What is known of all texts: `header` is `present` or `absent`, `quote` a character or `none`; empty where it is not."""

    header: str = ""
    delimiter: str = ""
    quote: str = ""
    columns: tuple[Column, ...] = ()
    """All columns; an empty type is one that the values decide."""

    @classmethod
    def of(cls, options: Mapping[str, str]) -> Said:
        """From the options `csv.*` of a crawler; raises `Invalid`."""
        columns = tuple(_declared(part) for part in split_columns(options.get("csv.columns", "")))
        if len({column.key for column in columns}) < len(columns):
            raise Invalid("option csv.columns", "a name comes twice")
        if len(options.get("csv.quote", '"')) != 1 and options["csv.quote"] != "none":
            raise Invalid("option csv.quote", "must be one character or none")
        header, delimiter, quote = (options.get(f"csv.{key}", "") for key in ("header", "delimiter", "quote"))
        return cls(header, delimiter, quote, columns)


def split_columns(text: str) -> list[str]:
    """The parts of a list of columns, at commas outside of brackets."""
    parts, depth = [""], 0
    for character in text:
        depth += (character in "(<") - (character in ")>")
        if character == "," and depth == 0:
            parts.append("")
        else:
            parts[-1] += character
    return [part.strip() for part in parts if part.strip()]


def _declared(part: str) -> Column:
    name, _, kind = part.partition(" ")
    if kind and parse_type(kind.strip()).fields:
        raise Invalid("option csv.columns", f"{name} cannot be of type {kind}: a field of a text holds one value")
    return Column(name, str(parse_type(kind.strip())) if kind else "")


def inspect(sample: Sample, said: Said = Said()) -> FileSchema:
    """The columns of a text; raises `FileProblem`."""
    header, delimiter = said.header, said.delimiter
    text, encoding = decode(sample.body)
    text = whole_lines(text, sample.complete)
    if not text.strip():
        raise FileProblem("nothing but white space")
    above = heading(text)
    if above is not None:
        text, header, delimiter = above.below(text), "absent", above.delimiter
    dialect = sniff(_without_last(text), delimiter)
    if said.quote:
        quote = "" if said.quote == "none" else said.quote
        dialect = replace(dialect, quote=quote, escape=dialect.escape if quote == dialect.quote else quote)
    elif not dialect.quote and re.search(rf'(^|{re.escape(dialect.delimiter)})"', text, re.MULTILINE):
        dialect = replace(dialect, quote='"', escape='"')
    dialect, rows = _read(text, dialect, sample.complete)
    if len(rows) == 1 and not sample.complete:
        raise FileProblem(f"its second line does not end within the first {len(sample.body)} bytes")
    width = Counter(len(row) for row in rows[: 1 + ROWS_MAX // 10]).most_common(1)[0][0]
    if width > 1 == len(rows[0]):
        titles = next(n for n, row in enumerate(rows) if len(row) > 1)
        raise FileProblem(f"text above its columns ({titles} of its lines), which engines would take for rows")
    width = max(width, len(rows[0]))
    if width > COLUMNS_MAX:
        raise FileProblem(f"{width} columns are more than {COLUMNS_MAX}")
    notes = _check_widths(rows, width, sample.complete)
    if above is None and _ends_with_delimiters(rows, width, dialect.delimiter):
        rows, width = [row[:-1] for row in rows], width - 1
        notes += ("each line ends with the delimiter, which makes no column",)
    has_header = header == "present" or (header != "absent" and header_of(rows, dialect.header))
    names = column_names(above.names if above else rows[0] if has_header else [], width)
    data = rows[1:] if has_header else rows
    null_word = null_word_of(data, width)
    kinds = [column_type([row[n] for row in data if n < len(row)], null_word) for n in range(width)]
    columns = tuple(Column(name, kind) for name, (kind, _) in zip(names, kinds, strict=True))
    if said.columns:
        columns = _as_declared(said.columns, columns)
    options = _options(text, dialect, has_header, null_word, encoding, sample)
    if "quoted" in options and any("\n" in field for row in rows for field in row):
        options["multiLine"] = "true"
    if commas := [name for n, name in enumerate(names) if _decimal_commas(data, n)]:
        notes += (
            f"numbers with decimal commas ({', '.join(commas)}) are texts, since no engine reads them as numbers",
        )
    if said.quote == "none":
        options["quote"] = ""
    if above is not None:
        options |= above.options
    if patterns := sorted({pattern for _, pattern in kinds if pattern}):
        options["timestamps"] = ",".join(patterns)
    count = len(data) if sample.complete and len(rows) < ROWS_MAX else None
    return FileSchema("csv", columns, options, count, notes)


def _ends_with_delimiters(rows: Sequence[Sequence[str]], width: int, delimiter: str) -> bool:
    """Whether nothing, not even a name, follows the last delimiter of any line, as in the `.tbl` files of TPC-H."""
    return width > 1 and delimiter.strip() != "" and len(rows) > 1 and all(len(r) == width and not r[-1] for r in rows)


def _as_declared(declared: Sequence[Column], found: Sequence[Column]) -> tuple[Column, ...]:
    if len(declared) < len(found):
        raise FileProblem(f"it has {len(found)} columns, where {len(declared)} are declared")
    types = [column.type for column in found] + ["string"] * (len(declared) - len(found))
    return tuple(replace(one, type=one.type or kind) for one, kind in zip(declared, types, strict=True))


def _decimal_commas(rows: Sequence[Sequence[str]], column: int) -> bool:
    values = {row[column] for row in rows if column < len(row) and row[column]}
    return bool(values) and all(map(_COMMA.fullmatch, values)) and any("," in value for value in values)


@dataclass(frozen=True, slots=True)
class Heading:
    """Lines above the rows of a log that name its columns, as those of CloudFront and of VPC flow logs do."""

    lines: int
    names: tuple[str, ...]
    delimiter: str
    options: Mapping[str, str]

    def below(self, text: str) -> str:
        """The text without these lines."""
        return text.split("\n", self.lines)[-1]


def heading(text: str) -> Heading | None:
    """The heading of a text; None if it has none of those that are known."""
    lines = text[:65_536].split("\n")
    if lines[0].startswith("version account-id "):
        return Heading(1, tuple(lines[0].split()), " ", {"header": "true"})
    above = lines[: next((n for n, line in enumerate(lines) if not line.startswith("#")), 0)]
    fields = next((line[8:].split() for line in above if line.startswith("#Fields:")), [])
    if not fields or len(above) == len(lines):
        return None
    delimiter = "\t" if "\t" in lines[len(above)] else " "
    return Heading(len(above), tuple(fields), delimiter, {"skip": str(len(above)), "comment": "#"})


def _read(text: str, dialect: Dialect, complete: bool) -> tuple[Dialect, list[list[str]]]:
    """The rows of a text, and the dialect with a backslash as its escape where they can be read by no other."""
    try:
        return dialect, read_rows(text, dialect, complete)
    except FileProblem:
        if not dialect.quote or dialect.escape == "\\" or "\\" + dialect.quote not in text:
            raise
    escaped = replace(dialect, escape="\\")
    return escaped, read_rows(text, escaped, complete)


def _options(
    text: str, dialect: Dialect, header: bool, null_word: str, encoding: str, sample: Sample
) -> dict[str, str]:
    options = {"header": str(header).lower(), "delimiter": dialect.delimiter}
    if dialect.quote and dialect.quote in text:
        options |= {"quoted": "true", "quote": dialect.quote, "escape": dialect.escape or dialect.quote}
    if null_word:
        options["nullValue"] = null_word
    if encoding != "UTF-8":
        options["encoding"] = encoding
    if encoding == "UTF-16":
        options["multiLine"] = "true"  # else Spark looks for the ends of lines before it decodes
    if sample.compression:
        options["compression"] = sample.compression
    return options


def _without_last(text: str) -> str:
    """The text without its last line, which may be cut off and would then mislead; unless there are too few."""
    body = text.rstrip("\n")
    return body[: body.rfind("\n") + 1] if body.count("\n") > 1 else text


def sniff(text: str, delimiter: str = "") -> Dialect:
    """Tell the dialect of a text by DuckDB's sniffer; raises `FileProblem` where it sees no table."""
    import duckdb

    with tempfile.NamedTemporaryFile("w", suffix=".csv", encoding="utf-8", newline="") as file:
        file.write(text)
        file.flush()
        with _engine().cursor() as connection:
            said = ", delim = ?" if delimiter else ""
            sizes = f"sample_size = {ROWS_MAX}, max_line_size = 1048576, buffer_size = {_BUFFER_BYTES}"
            query = f"FROM sniff_csv(?, {sizes}, strict_mode = false{said})"
            try:
                row = connection.execute(query, [file.name, *([delimiter] if delimiter else [])]).fetchone()
            except duckdb.OutOfMemoryException as error:
                raise MemoryError from error
            except duckdb.Error as error:
                if isinstance(error, duckdb.FatalException | duckdb.InternalException):
                    _engine.cache_clear()  # which is of no use any more
                raise FileProblem(f"its columns cannot be told apart: {str(error).split(chr(10))[0][:200]}") from error
    if row is None:
        raise FileProblem("its columns cannot be told apart")
    found = dict(zip(("delimiter", "quote", "escape", "newline", "comment", "skip", "header"), row, strict=False))
    plain = {key: "" if value in ("(empty)", "\x00", None) else value for key, value in found.items()}
    if len(str(plain["delimiter"])) != 1 or str(plain["delimiter"]) not in text:
        plain["delimiter"] = delimiter or _rare_delimiter(text)
    return Dialect(str(plain["delimiter"]), str(plain["quote"]), str(plain["escape"]), bool(found["header"]))


@cache
def _engine() -> duckdb.DuckDBPyConnection:
    """What all texts are sniffed by, each through a cursor of its own: to begin one takes longer than most texts."""
    import duckdb

    return duckdb.connect(config={"threads": 1, "memory_limit": "512MB"})


def _rare_delimiter(text: str) -> str:
    """The delimiter of a text that has none of the usual ones: one that is equally often in each of its first lines."""
    first = [line for line in text[:65536].splitlines()[:20] if line]
    for candidate in _RARE:
        if len({line.count(candidate) for line in first} | {0}) == 2 and candidate in first[0]:
            return candidate
    return ","


def read_rows(text: str, dialect: Dialect, complete: bool) -> list[list[str]]:
    """The rows of a text (at most `ROWS_MAX`); raises `FileProblem` for an open quote at the end of a complete file."""
    settings: dict[str, Any] = {"delimiter": dialect.delimiter, "strict": True}
    if dialect.quote:
        settings["quotechar"] = dialect.quote
        if dialect.escape not in ("", dialect.quote):
            settings |= {"escapechar": dialect.escape, "doublequote": False}
    else:
        settings["quoting"] = csv.QUOTE_NONE
    rows: list[list[str]] = []
    try:
        for row in csv.reader(text.splitlines(keepends=True), **settings):
            if row:
                rows.append(row)
            if len(rows) >= ROWS_MAX:
                break
    except csv.Error as error:
        if not rows or (complete and "unexpected end" in str(error)):
            raise FileProblem(f"after {len(rows)} rows: {error}: the file is truncated or damaged") from error
        if "unexpected end" not in str(error):
            raise FileProblem(f"row {len(rows) + 1}: {error}") from error
    if not rows:
        raise FileProblem("no row")
    return rows


def _check_widths(rows: Sequence[Sequence[str]], width: int, complete: bool) -> tuple[str, ...]:
    last = rows[-1]
    if complete and len(rows) > 2 and len(last) < width and all(len(row) == width for row in rows[:-1]):
        raise FileProblem(f"the last row has {len(last)} of {width} fields: the file is truncated")
    ragged = [number for number, row in enumerate(rows, 1) if len(row) != width]
    if not ragged:
        return ()
    return (f"{len(ragged)} rows (the first is row {ragged[0]}) do not have {width} fields",)


def header_of(rows: Sequence[Sequence[str]], guess: bool) -> bool:
    """Whether the first row names the columns.

    It does not if a cell is empty of letters, repeats, or comes again below; it does if some column below is of a narrower
    type than its cell; where all is text, cells of another shape than the values below decide, and the sniffer at last.
    Years at equal distances beside a name are names, as those of tables with a column for each year.
    """
    first, data = [cell.strip() for cell in rows[0]], rows[1 : 1 + ROWS_MAX // 10]
    named = [cell for cell in first if cell]
    years = [int(cell) for cell in named if _YEAR.fullmatch(cell)]
    if len(years) > 2 and len({later - year for year, later in pairwise(years)}) == 1 and years[0] != years[1]:
        return len(years) < len(named)
    if not named or len(first) - len(named) > 1 or not all(_NAME.fullmatch(cell) for cell in named):
        return False
    repeats = len({cell.lower() for cell in named}) < len(named)
    if not data:
        return guess and not repeats
    votes = 0
    for n, cell in enumerate(first):
        values = [row[n] for row in data if n < len(row) and row[n].strip()]
        if not values or not cell:
            continue
        kind = column_type(values, "")[0]
        if kind != "string":
            return column_type([cell], "")[0] == "string"
        if repeats or cell in set(values):
            return False
        votes += 1 if _shape(cell) not in {_shape(value) for value in values} else -1
    return votes > 0 or (votes == 0 and guess)


def _shape(value: str) -> tuple[str, bool, bool]:
    """The look of a text: its case, whether it holds digits, whether it holds spaces."""
    case = "lower" if value.islower() else "upper" if value.isupper() else "title" if value[:1].isupper() else "mixed"
    return case, any(c.isdigit() for c in value), " " in value.strip()


def column_names(header: Sequence[str], width: int) -> list[str]:
    """Names for `width` columns: the header's, trimmed, made unique without regard to case; `col0`... where it has none."""
    names: list[str] = []
    seen: set[str] = set()
    for n in range(width):
        raw = header[n] if n < len(header) else ""
        name = re.sub(r"[\s,;=`\x00-\x1f]+", " ", raw).strip()[:128] or f"col{n}"
        unique, count = name, 2
        while unique.lower() in seen:
            unique, count = f"{name}_{count}", count + 1
        seen.add(unique.lower())
        names.append(unique)
    return names


def null_word_of(rows: Sequence[Sequence[str]], width: int) -> str:
    """The word that stands for a missing value in this file: the one without which some column of words is one of numbers.

    Readers know one such word per table, so the word that helps most columns wins; empty if there is none.
    """
    helped: Counter[str] = Counter()
    for n in range(width):
        values = {row[n] for row in rows if n < len(row)} - {""}
        for word in NULL_WORDS:
            if word in values and len(values) > 1 and column_type(list(values), word)[0] not in ("string", "void"):
                helped[word] += 1
    return helped.most_common(1)[0][0] if helped else ""


def column_type(values: Sequence[str], null_word: str) -> tuple[str, str]:
    """The type of a column's values (`void` if there is none), and the pattern of its times if it is one of times."""
    present = {value for value in values if value and value != null_word}
    if not present:
        return "void", ""
    if all(_INTEGER.fullmatch(value) for value in present):
        digits = max(len(value.lstrip("+-")) for value in present)
        if digits < 19 or all(-(2**63) <= int(value) < 2**63 for value in present):
            return "bigint", ""
        return "decimal(38,0)", ""
    if all(_NUMBER.fullmatch(value) for value in present) and not any(map(_LEADING_ZERO.fullmatch, present)):
        return "double", ""
    if {value.lower() for value in present} <= {"true", "false"}:
        return "boolean", ""
    if all(_DATE.fullmatch(value) and _is_date(value) for value in present):
        return "date", ""
    return _time_type(present)


def _time_type(values: set[str]) -> tuple[str, str]:
    matches = [_TIME.fullmatch(value) for value in values]
    if not all(match and _is_date(match[1]) for match in matches):
        return "string", ""
    patterns = {_pattern(match) for match in matches if match}
    return ("timestamp", patterns.pop()) if len(patterns) == 1 else ("string", "")


def _pattern(match: re.Match[str]) -> str:
    fraction = "." + "S" * (len(match[4]) - 1) if match[4] else ""
    between, zone = ("'T'" if match[2] == "T" else " "), ("'Z'" if match[5] else "")
    return f"yyyy-MM-dd{between}HH:mm:ss{fraction}{zone}"


@lru_cache(maxsize=65536)
def _is_date(text: str) -> bool:
    try:
        date.fromisoformat(text)
    except ValueError:
        return False
    return True
