"""Reads Thrift IDL, as much of the language as the files in idl/ use, into plain tuples."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import NamedTuple

_TOKEN = re.compile(
    r"""(?P<space>\s+)
      | (?P<doc>/\*.*?\*/)
      | (?P<comment>(?://|\#)[^\n]*)
      | (?P<text>"[^"\n]*"|'[^'\n]*')
      | (?P<number>-?\d+)
      | (?P<word>[A-Za-z_][A-Za-z0-9_.]*)
      | (?P<mark>[{}()<>=:;,])""",
    re.VERBOSE | re.DOTALL,
)
_VERSIONS = re.compile(r"//\s*((?:since )?\d\.\d(?: to \d\.\d)?)\b")


class IDLError(ValueError):
    """The text is not Thrift IDL that this parser knows; the message names the line."""


class Token(NamedTuple):
    """One word, number, text or mark, with its line (from 1) and the version comment above it, if any."""

    text: str
    line: int
    versions: str


class Field(NamedTuple):
    """A field or argument; `requiredness` is "required", "optional" or "" and `default` its IDL text or None."""

    id: int
    name: str
    type: str
    requiredness: str = ""
    default: str | None = None


@dataclass(frozen=True, slots=True)
class Enum:
    """Names and values in the order of the file."""

    name: str
    values: dict[str, int]
    versions: str = ""


@dataclass(frozen=True, slots=True)
class Struct:
    """A struct, union or exception (`kind`)."""

    kind: str
    name: str
    fields: tuple[Field, ...]
    annotations: dict[str, str]
    versions: str = ""


@dataclass(frozen=True, slots=True)
class Function:
    """A method of a service; `versions` is the comment above it, such as "since 3.0" or "1.2 to 3.1"."""

    name: str
    returns: str
    arguments: tuple[Field, ...]
    throws: tuple[Field, ...]
    oneway: bool
    annotations: dict[str, str]
    versions: str = ""


@dataclass(slots=True)
class Document:
    """What one IDL file defines, each kind by name in the order of the file."""

    includes: list[str] = field(default_factory=list)
    constants: dict[str, str | int] = field(default_factory=dict)
    enums: dict[str, Enum] = field(default_factory=dict)
    structs: dict[str, Struct] = field(default_factory=dict)
    functions: dict[str, Function] = field(default_factory=dict)


def parse(text: str) -> Document:
    """Parse the text of one file. Raises IDLError."""
    return _Parser(text).document()


def _tokens(text: str) -> Iterator[Token]:
    position, line, versions = 0, 1, ""
    while position < len(text):
        match = _TOKEN.match(text, position)
        if match is None:
            raise IDLError(f"line {line}: {text[position : position + 20]!r} is not understood")
        if match.lastgroup == "comment":
            found = _VERSIONS.match(match.group())
            versions = found.group(1) if found else ""
        elif match.lastgroup not in ("space", "doc"):
            yield Token(match.group(), line, versions)
            versions = ""
        line += match.group().count("\n")
        position = match.end()
    yield Token("", line, "")


class _Parser:
    def __init__(self, text: str) -> None:
        self._tokens = _tokens(text)
        self._next = next(self._tokens)

    def document(self) -> Document:
        result = Document()
        while self._next.text:
            keyword = self._take()
            if keyword.text == "namespace":
                self._take()
                self._take()
            elif keyword.text == "include":
                result.includes.append(_unquoted(self._take().text))
            elif keyword.text == "const":
                self._constant(result)
            elif keyword.text == "enum":
                enum = self._enum(keyword.versions)
                result.enums[enum.name] = enum
            elif keyword.text in ("struct", "union", "exception"):
                struct = self._struct(keyword)
                result.structs[struct.name] = struct
            elif keyword.text == "service":
                self._service(result)
            else:
                raise IDLError(f"line {keyword.line}: {keyword.text!r} does not begin a definition")
        return result

    def _take(self, expected: str = "") -> Token:
        token = self._next
        if not token.text or (expected and token.text != expected):
            wanted = f", expected {expected!r}" if expected else ""
            raise IDLError(f"line {token.line}: found {token.text or 'the end of the file'!r}{wanted}")
        self._next = next(self._tokens, Token("", token.line, ""))
        return token

    def _skip(self, *marks: str) -> bool:
        if self._next.text in marks:
            self._take()
            return True
        return False

    def _constant(self, result: Document) -> None:
        kind, name = self._type(), self._take().text
        self._take("=")
        value = self._take().text
        result.constants[name] = _unquoted(value) if kind == "string" else int(value)

    def _enum(self, versions: str) -> Enum:
        name, values = self._take().text, {}
        self._take("{")
        while not self._skip("}"):
            member = self._take().text
            self._take("=")
            values[member] = int(self._take().text)
            self._skip(",", ";")
        return Enum(name, values, versions)

    def _struct(self, keyword: Token) -> Struct:
        name = self._take().text
        self._take("{")
        fields = self._fields("}")
        return Struct(keyword.text, name, fields, self._annotations(), keyword.versions)

    def _service(self, result: Document) -> None:
        self._take()
        if self._skip("extends"):
            self._take()
        self._take("{")
        while not self._skip("}"):
            function = self._function()
            result.functions[function.name] = function

    def _function(self) -> Function:
        versions = self._next.versions
        oneway = self._skip("oneway")
        returns, name = self._type(), self._take().text
        self._take("(")
        arguments = self._fields(")")
        throws: tuple[Field, ...] = ()
        if self._skip("throws"):
            self._take("(")
            throws = self._fields(")")
        annotations = self._annotations()
        self._skip(",", ";")
        return Function(name, returns, arguments, throws, oneway, annotations, versions)

    def _fields(self, end: str) -> tuple[Field, ...]:
        fields = []
        while not self._skip(end):
            number = int(self._take().text)
            self._take(":")
            requiredness = self._take().text if self._next.text in ("required", "optional") else ""
            kind, name = self._type(), self._take().text
            default = self._take().text if self._skip("=") else None
            fields.append(Field(number, name, kind, requiredness, default))
            self._skip(",", ";")
        return tuple(fields)

    def _type(self) -> str:
        name = self._take().text
        if name in ("list", "set", "map"):
            self._take("<")
            inner = [self._type()]
            if name == "map":
                self._take(",")
                inner.append(self._type())
            self._take(">")
            return f"{name}<{','.join(inner)}>"
        return name.rpartition(".")[2]

    def _annotations(self) -> dict[str, str]:
        found = {}
        if self._skip("("):
            while not self._skip(")"):
                key = self._take().text
                self._take("=")
                found[key] = _unquoted(self._take().text)
                self._skip(",", ";")
        return found


def _unquoted(text: str) -> str:
    return text[1:-1] if text[:1] in "\"'" else text
