"""Functions on texts and binaries."""

from __future__ import annotations

import re

from catalog_server.model.errors import Invalid
from catalog_server.query.casts import as_text, coerce, fail
from catalog_server.query.functions.registry import TABLES, Call, handler
from catalog_server.query.operators import concatenate
from catalog_server.query.scope import Value
from catalog_server.query.types import (
    BIGINT,
    BOOLEAN,
    VARCHAR,
    VARCHAR_LENGTH_MAX,
    array,
    map_of,
    text_literal,
    varchar,
)

TABLES += [
    ("length(varchar) -> bigint", "length({0})"),
    ("length(varbinary) -> bigint", "octet_length({0})"),
    ("lower(varchar) -> =0", "lower({0})"),
    ("upper(varchar) -> =0", "replace(upper(replace({0}, 'ß', chr(57344))), chr(57344), 'ß')"),
    ("trim(varchar) -> =0", "trim({0}, E' \\t\\n\\r\\f\\x0b')"),
    ("ltrim(varchar) -> =0", "ltrim({0}, E' \\t\\n\\r\\f\\x0b')"),
    ("rtrim(varchar) -> =0", "rtrim({0}, E' \\t\\n\\r\\f\\x0b')"),
    ("trim(varchar, varchar) -> =0", "trim({0}, {1})"),
    ("ltrim(varchar, varchar) -> =0", "ltrim({0}, {1})"),
    ("rtrim(varchar, varchar) -> =0", "rtrim({0}, {1})"),
    ("replace(varchar, varchar) -> =0", "replace({0}, {1}, '')"),
    ("starts_with(varchar, varchar) -> boolean", "starts_with({0}, {1})"),
    ("codepoint(varchar) -> integer", "CAST(unicode({0}) AS INTEGER)"),
    ("levenshtein_distance(varchar, varchar) -> bigint", "levenshtein({0}, {1})"),
    ("hamming_distance(varchar, varchar) -> bigint", "hamming({0}, {1})"),
    ("translate(varchar, varchar, varchar) -> varchar", "translate({0}, {1}, {2})"),
    ("to_utf8(varchar) -> varbinary", "encode({0})"),
    ("from_utf8(varbinary) -> varchar", "decode({0})"),
    ("to_hex(varbinary) -> varchar", "hex({0})"),
    ("from_hex(varchar) -> varbinary", "unhex({0})"),
    ("to_base64(varbinary) -> varchar", "to_base64({0})"),
    ("from_base64(varchar) -> varbinary", "from_base64({0})"),
    ("md5(varbinary) -> varbinary", "unhex(md5({0}))"),
    ("sha1(varbinary) -> varbinary", "unhex(sha1({0}))"),
    ("sha256(varbinary) -> varbinary", "unhex(sha256({0}))"),
    ("url_decode(varchar) -> =0", "url_decode(replace({0}, '+', ' '))"),
    ("regexp_count(varchar, varchar) -> bigint", "len(regexp_extract_all({0}, {1}))"),
    ("split(varchar, varchar) -> array(varchar)", "string_split({0}, {1})"),
]


@handler("strpos")
def _strpos(call: Call) -> Value:
    call.arity(2, 3)
    text, part = call.take(0, VARCHAR), call.take(1, VARCHAR)
    if len(call) == 2:
        return Value(f"strpos({text}, {part})", BIGINT)
    nth = call.value(2).literal
    if not isinstance(nth, int) or nth < 1:
        raise Invalid("", "strpos: the instance must be a positive literal in the embedded engine")
    pieces = f"string_split({text}, {part})"
    found = f"length(array_to_string({pieces}[:{nth}], {part})) + 1"
    return Value(
        f"CASE WHEN len({pieces}) > {nth} THEN {found} WHEN {text} IS NOT NULL AND {part} IS NOT NULL THEN 0 END",
        BIGINT,
    )


@handler("reverse")
def _reverse(call: Call) -> Value:
    call.arity(1)
    value = call.value(0)
    if value.type.name == "array":
        return Value(f"list_reverse({value.sql})", value.type)
    if not value.type.text:
        raise call.mismatch()
    return Value(f"array_to_string(list_reverse(string_split({value.sql}, '')), '')", value.type)


@handler("substr", "substring")
def _substr(call: Call) -> Value:
    call.arity(2, 3)
    text = call.value(0)
    if text.type.name == "varbinary":
        raise call.mismatch()
    value = text.sql if text.type.text else call.take(0, VARCHAR)
    start, kind = call.value(1), text.type
    begin = call.take(1, BIGINT)
    length = f", {call.take(2, BIGINT)}" if len(call) == 3 else ""
    if isinstance(start.literal, int) and start.literal > 0:
        made = f"substr({value}, {begin}{length})"
        return Value(f"CASE WHEN {length[2:]} < 0 THEN '' ELSE {made} END" if length else made, kind)
    outside = f"{begin} = 0 OR {begin} > length({value}) OR {begin} < -length({value})"
    if length:
        outside += f" OR {length[2:]} <= 0"
    nulls = f"{value} IS NULL OR {begin} IS NULL" + (f" OR {length[2:]} IS NULL" if length else "")
    return Value(f"CASE WHEN {nulls} THEN NULL WHEN {outside} THEN '' ELSE substr({value}, {begin}{length}) END", kind)


@handler("replace")
def _replace(call: Call) -> Value:
    call.arity(2, 3)
    text = call.value(0)
    search, new = call.take(1, VARCHAR), call.take(2, VARCHAR) if len(call) == 3 else "''"
    if len(call) == 2:
        return Value(f"replace({call.take(0, VARCHAR)}, {search}, '')", text.type)
    x, z = text.type.arguments[:1] or (-1,), call.value(2).type.arguments[:1] or (-1,)
    bound = x[0] + z[0] * (x[0] + 1) if -1 not in (x[0], z[0]) else VARCHAR_LENGTH_MAX
    made = f"replace({call.take(0, VARCHAR)}, {search}, {new})"
    if call.value(1).literal == "":
        spread = f"{new} || array_to_string(string_split({call.take(0, VARCHAR)}, ''), {new}) || {new}"
        made = f"CASE WHEN {call.take(0, VARCHAR)} = '' THEN {new} ELSE {spread} END"
    return Value(made, varchar(bound))


@handler("split")
def _split(call: Call) -> Value:
    call.arity(2, 3)
    text, separator = call.take(0, VARCHAR), call.take(1, VARCHAR)
    if call.value(1).literal == "":
        raise Invalid("", "The delimiter may not be the empty string")
    parts = f"string_split({text}, {separator})"
    kind = array(call.value(0).type if call.value(0).type.name == "varchar" else VARCHAR)
    if len(call) == 2:
        return Value(parts, kind)
    limit = call.take(2, BIGINT)
    rest = f"array_to_string({parts}[{limit}:], {separator})"
    return Value(
        f"CASE WHEN len({parts}) <= {limit} THEN {parts} ELSE list_append({parts}[:{limit} - 1], {rest}) END", kind
    )


@handler("split_part")
def _split_part(call: Call) -> Value:
    call.arity(3)
    parts, index = f"string_split({call.take(0, VARCHAR)}, {call.take(1, VARCHAR)})", call.take(2, BIGINT)
    refused = fail("Index must be greater than zero", VARCHAR)
    return Value(f"CASE WHEN {index} <= 0 THEN {refused} ELSE ({parts})[{index}] END", call.value(0).type)


@handler("split_to_map")
def _split_to_map(call: Call) -> Value:
    call.arity(3)
    entries = f"string_split({call.take(0, VARCHAR)}, {call.take(1, VARCHAR)})"
    key = call.take(2, VARCHAR)
    name = f"split_part(e_, {key}, 1)"
    rest = f"e_[length({name}) + length({key}) + 1:]"
    pairs = f"list_transform({entries}, lambda e_: {{'key': {name}, 'value': {rest}}})"
    return Value(f"map_from_entries({pairs})", map_of(VARCHAR, VARCHAR))


@handler("url_encode")
def _url_encode(call: Call) -> Value:
    call.arity(1)
    length = call.value(0).type.arguments[0] if call.value(0).type.name == "varchar" else -1
    made = f"replace(replace(replace(url_encode({call.take(0, VARCHAR)}), '%20', '+'), '~', '%7E'), '%2A', '*')"
    return Value(made, varchar(length * 12) if length >= 0 else VARCHAR)


@handler("lpad", "rpad")
def _pad(call: Call) -> Value:
    call.arity(3)
    return Value(
        f"{call.name}({call.take(0, VARCHAR)}, CAST({call.take(1, BIGINT)} AS INTEGER), {call.take(2, VARCHAR)})",
        VARCHAR,
    )


@handler("concat")
def _concat(call: Call) -> Value:
    if len(call) < 2:
        raise Invalid("", "There must be two or more concatenation arguments")
    return concatenate(call.values)


@handler("concat_ws")
def _concat_ws(call: Call) -> Value:
    if len(call) < 2:
        raise call.mismatch()
    separator = call.take(0, VARCHAR)
    if call.value(1).type.name == "array":
        call.arity(2)
        joined = f"array_to_string({call.take(1, array(VARCHAR))}, {separator})"
    else:
        rest = ", ".join(call.take(index, VARCHAR) for index in range(1, len(call)))
        joined = f"concat_ws({separator}, {rest})"
    return Value(f"CASE WHEN {separator} IS NULL THEN NULL ELSE {joined} END", VARCHAR)


@handler("chr")
def _chr(call: Call) -> Value:
    call.arity(1)
    return Value(f"chr(CAST({call.take(0, BIGINT)} AS INTEGER))", varchar(1))


@handler("normalize")
def _normalize(call: Call) -> Value:
    call.arity(1)
    return Value(f"nfc_normalize({call.take(0, VARCHAR)})", VARCHAR)


@handler("format")
def _format(call: Call) -> Value:
    """Java's format for %s, %d with a width, %f with digits, and %%."""
    pattern = call.literal(0, "the pattern")
    parts, index, position = [], 1, 0
    for found in re.finditer(r"%(%|([-0,]*)(\d*)(?:\.(\d+))?([sdf])|.?)", pattern):
        parts.append(text_literal(pattern[position : found.start()]))
        position = found.end()
        if found[1] == "%":
            parts.append("'%'")
            continue
        if found[5] is None or "," in (found[2] or "") or index >= len(call):
            raise Invalid("", f"format: {found[0]} is not supported or has no argument")
        parts.append(_format_one(call, index, found))
        index += 1
    parts.append(text_literal(pattern[position:]))
    return Value(
        "(" + " || ".join(part for part in parts if part != "''") + ")" if any(p != "''" for p in parts) else "''",
        VARCHAR,
    )


def _format_one(call: Call, index: int, found: re.Match[str]) -> str:
    value = call.value(index)
    flags, width, digits, letter = found[2], found[3], found[4], found[5]
    if letter == "s":
        text = as_text(value)
        if text is None or value.type.name in ("double", "real", "char") or digits:
            raise Invalid("", f"format: {found[0]} of {value.type} is not supported")
        made = f"coalesce({text}, 'null')"
    elif letter == "d":
        if not value.type.integral:
            raise Invalid("", f"format: {found[0]} of {value.type} is not supported")
        return f"printf('%{flags}{width}lld', {coerce(value, BIGINT).sql})"
    else:
        if not value.type.numeric or value.type.integral:
            raise Invalid("", f"format: {found[0]} of {value.type} is not supported")
        made = f"CAST(CAST({value.sql} AS DECIMAL(38,{digits or 6})) AS VARCHAR)"
    if not width:
        return made
    side = "rpad" if "-" in flags else "lpad"
    return f"CASE WHEN length({made}) >= {width} THEN {made} ELSE {side}({made}, {width}, '{'0' if '0' in flags else ' '}') END"


def _pattern(call: Call, index: int) -> str:
    """A regular expression: Java's syntax where RE2 knows it too."""
    made = call.value(index)
    if isinstance(made.literal, str):
        if re.search(r"\(\?(=|!|<=|<!|>)|\\[1-9]|[*+?]\+", made.literal):
            raise Invalid(
                "", "look-around, back references and possessive quantifiers are not supported by the embedded engine"
            )
        return text_literal(re.sub(r"\(\?<([A-Za-z]\w*)>", r"(?P<\1>", made.literal))
    return call.take(index, VARCHAR)


@handler("regexp_like")
def _regexp_like(call: Call) -> Value:
    call.arity(2)
    return Value(f"regexp_matches({call.take(0, VARCHAR)}, {_pattern(call, 1)})", BOOLEAN)


@handler("regexp_extract")
def _regexp_extract(call: Call) -> Value:
    call.arity(2, 3)
    text, pattern = call.take(0, VARCHAR), _pattern(call, 1)
    group = _group(call, 2)
    made = f"regexp_extract({text}, {pattern}, {group})"
    return Value(f"CASE WHEN regexp_matches({text}, {pattern}) THEN {made} END", call.value(0).type)


def _group(call: Call, index: int) -> int:
    if len(call) <= index:
        return 0
    group = call.value(index).literal
    if not isinstance(group, int):
        raise Invalid("", f"{call.name}: the group must be a literal number in the embedded engine")
    return group


@handler("regexp_extract_all")
def _regexp_extract_all(call: Call) -> Value:
    call.arity(2, 3)
    made = f"regexp_extract_all({call.take(0, VARCHAR)}, {_pattern(call, 1)}, {_group(call, 2)})"
    return Value(made, array(call.value(0).type))


@handler("regexp_split")
def _regexp_split(call: Call) -> Value:
    call.arity(2)
    return Value(f"regexp_split_to_array({call.take(0, VARCHAR)}, {_pattern(call, 1)})", array(call.value(0).type))


@handler("regexp_replace")
def _regexp_replace(call: Call) -> Value:
    call.arity(2, 3)
    if len(call) == 3 and type(call.nodes[2]).__name__ == "Lambda":
        raise Invalid("", "regexp_replace with a function is not supported by the embedded engine")
    text, pattern = call.take(0, VARCHAR), _pattern(call, 1)
    new = text_literal(_replacement(call.literal(2, "the replacement"))) if len(call) == 3 else "''"
    made = f"regexp_replace({text}, {pattern}, {new}, 'g')"
    if len(call) == 2:
        return Value(made, call.value(0).type)
    x, y = (call.value(index).type.arguments[0] for index in (0, 2))
    return Value(made, varchar(x + max(x * y // 2, y) * (x + 1)) if -1 not in (x, y) else VARCHAR)


def _replacement(text: str) -> str:
    r"""Java's `$1` as RE2's `\1`; a backslash takes away a character's meaning."""
    made, position = "", 0
    while position < len(text):
        character = text[position]
        if character == "\\" and position + 1 < len(text):
            position += 1
            made += "\\\\" if text[position] == "\\" else text[position]
        elif character == "$":
            position += 1
            if not text[position : position + 1].isdigit():
                raise Invalid(
                    "", "Illegal replacement sequence: only groups by number ($1) are supported by the embedded engine"
                )
            made += "\\" + text[position]
        else:
            made += character
        position += 1
    return made


_URL = r"^(?:([a-zA-Z][a-zA-Z0-9+.-]*):)?(?://(?:[^/?#@]*@)?(\[[^\]]*\]|[^/?#:]*)(?::([0-9]*))?)?([^?#]*)(?:\?([^#]*))?(?:#(.*))?$"
_URL_PARTS = {"protocol": 1, "host": 2, "path": 4, "query": 5, "fragment": 6}


@handler(*(f"url_extract_{part}" for part in _URL_PARTS))
def _url_extract(call: Call) -> Value:
    call.arity(1)
    group = _URL_PARTS[call.name.removeprefix("url_extract_")]
    return Value(f"regexp_extract({call.take(0, VARCHAR)}, {text_literal(_URL)}, {group})", call.value(0).type)


@handler("url_extract_port")
def _url_port(call: Call) -> Value:
    call.arity(1)
    port = f"regexp_extract({call.take(0, VARCHAR)}, {text_literal(_URL)}, 3)"
    return Value(f"TRY_CAST(nullif({port}, '') AS BIGINT)", BIGINT)


@handler("url_extract_parameter")
def _url_parameter(call: Call) -> Value:
    call.arity(2)
    query = f"regexp_extract({call.take(0, VARCHAR)}, {text_literal(_URL)}, 5)"
    name = call.take(1, VARCHAR)
    found = f"list_filter(string_split({query}, '&'), lambda q_: split_part(q_, '=', 1) = {name})[1]"
    made = f"url_decode(replace(substr({found}, length({name}) + 2), '+', ' '))"
    return Value(made, call.value(0).type)
