"""Predicates over partition keys, and the filter language in which Hive clients send them."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from catalog_server.model.errors import Invalid


@dataclass(frozen=True, slots=True)
class Comparison:
    """`key op value`; op is one of = != < <= > >= like. `value` is an int where a bare number was written, else text."""

    key: str
    op: str
    value: str | int


@dataclass(frozen=True, slots=True)
class Membership:
    """`key in (values)`, or not in."""

    key: str
    values: tuple[str | int, ...]
    negated: bool = False


@dataclass(frozen=True, slots=True)
class Both:
    """All of the parts hold."""

    parts: tuple[Predicate, ...]


@dataclass(frozen=True, slots=True)
class Either:
    """At least one of the parts holds."""

    parts: tuple[Predicate, ...]


@dataclass(frozen=True, slots=True)
class Not:
    """The part does not hold."""

    part: Predicate


@dataclass(frozen=True, slots=True)
class Unset:
    """`key is null`: the key has no value, which is what the default partition stands for."""

    key: str


Predicate = Comparison | Membership | Both | Either | Not | Unset

UNSET = ("", "__HIVE_DEFAULT_PARTITION__")
"""Values that stand for none."""

_TOKEN = re.compile(
    r"""\s*(?:(?P<text>'(?:[^'\\]|\\.|'')*'|"(?:[^"\\]|\\.|"")*")|(?P<date>\d{4}-\d\d-\d\d(?:\ \d\d:\d\d:\d\d)?(?![\w.-]))"""
    r"""|(?P<number>-?\d+(?![\w.]))|(?P<op><>|!=|<=|>=|==|=|<|>)"""
    r"""|(?P<mark>[(),])|(?P<quoted>`[^`]+`)|(?P<word>\w[\w.$-]*))"""
)
_DEPTH_MAX = 200
_FLIPPED = {"<": ">", "<=": ">=", ">": "<", ">=": "<=", "=": "=", "!=": "!="}
_OPPOSITE = {"=": "!=", "!=": "=", "<": ">=", "<=": ">", ">": "<=", ">=": "<"}


def _unquote(text: str) -> str:
    """The text between quotes. Backslashes stand for themselves, since Spark sends values as they are; only the quote
    itself may be written twice or after a backslash."""
    mark = text[0]
    return re.sub(rf"\\{mark}|{mark}{mark}", mark, text[1:-1])


def negate(predicate: Predicate) -> Predicate:
    """What holds where the predicate does not; a partition without a value for a key meets neither, as in SQL."""
    if isinstance(predicate, Comparison) and predicate.op in _OPPOSITE:
        return Comparison(predicate.key, _OPPOSITE[predicate.op], predicate.value)
    if isinstance(predicate, Membership):
        return Membership(predicate.key, predicate.values, not predicate.negated)
    if isinstance(predicate, Both):
        return Either(tuple(negate(part) for part in predicate.parts))
    if isinstance(predicate, Either):
        return Both(tuple(negate(part) for part in predicate.parts))
    return predicate.part if isinstance(predicate, Not) else Not(predicate)


class _Parser:
    """Recursive descent over `or`, `and`, `not`, comparisons, `in`, `between`, `like` and parentheses."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.tokens: list[tuple[str, str]] = []
        position, end = 0, len(text.rstrip())
        while position < end:
            match = _TOKEN.match(text, position)
            if match is None or match.lastgroup is None:
                raise Invalid(
                    "filter", f"cannot be read at character {position + 1}: {text[position : position + 20]!r}"
                )
            self.tokens.append((match.lastgroup, match.group(match.lastgroup)))
            position = match.end()
        self.at = 0
        self.depth = 0

    def peek(self) -> tuple[str, str]:
        return self.tokens[self.at] if self.at < len(self.tokens) else ("end", "")

    def next(self) -> tuple[str, str]:
        token = self.peek()
        self.at += 1
        return token

    def word(self, *expected: str) -> bool:
        kind, value = self.peek()
        if kind == "word" and value.lower() in expected:
            self.at += 1
            return True
        return False

    def mark(self, expected: str) -> None:
        kind, value = self.next()
        if kind != "mark" or value != expected:
            raise Invalid("filter", f"{expected!r} expected before {value!r} in {self.text!r}")

    def disjunction(self) -> Predicate:
        self.depth += 1
        if self.depth > _DEPTH_MAX:
            raise Invalid("filter", f"nested more than {_DEPTH_MAX} levels deep")
        parts = [self.conjunction()]
        while self.word("or"):
            parts.append(self.conjunction())
        self.depth -= 1
        return parts[0] if len(parts) == 1 else Either(tuple(parts))

    def conjunction(self) -> Predicate:
        parts = [self.term()]
        while self.word("and"):
            parts.append(self.term())
        return parts[0] if len(parts) == 1 else Both(tuple(parts))

    def term(self) -> Predicate:
        if self.word("not"):
            self.depth += 1
            if self.depth > _DEPTH_MAX:
                raise Invalid("filter", f"nested more than {_DEPTH_MAX} levels deep")
            negated = negate(self.term())
            self.depth -= 1
            return negated
        if self.peek() == ("mark", "("):
            return self.parenthesis()
        return self.comparison()

    def parenthesis(self) -> Predicate:
        kinds = [kind for kind, _ in self.tokens[self.at + 1 : self.at + 3]]
        after = self.tokens[self.at + 2] if self.at + 2 < len(self.tokens) else None
        named = kinds[:1] in (["word"], ["quoted"])
        if named and after == ("mark", ")"):
            return self.comparison()
        if named and (
            after == ("mark", ",") or (after == ("mark", "(") and self.tokens[self.at + 1][1].lower() == "struct")
        ):
            return self.tuple_membership()
        self.mark("(")
        inner = self.disjunction()
        self.mark(")")
        return inner

    def tuple_membership(self) -> Predicate:
        """`(struct(a, b)) in (const struct(1, 2), ...)`, as Hive writes it, or `(a, b) in ((1, 2), ...)`."""
        self.mark("(")
        wrapped = self.word("struct")
        if wrapped:
            self.mark("(")
        keys = [self.bare_key()]
        while self.peek() == ("mark", ","):
            self.mark(",")
            keys.append(self.bare_key())
        if wrapped:
            self.mark(")")
        self.mark(")")
        negated = self.word("not")
        if not self.word("in"):
            raise Invalid("filter", f"'in' expected after the list of keys in {self.text!r}")
        self.mark("(")
        rows: list[Predicate] = []
        while True:
            self.word("const")
            self.word("struct")
            values = self.values()
            if len(values) != len(keys):
                raise Invalid("filter", f"{len(values)} values for {len(keys)} keys in {self.text!r}")
            rows.append(Both(tuple(Comparison(k, "=", v) for k, v in zip(keys, values, strict=True))))
            if self.peek() != ("mark", ","):
                break
            self.mark(",")
        self.mark(")")
        return negate(Either(tuple(rows))) if negated else Either(tuple(rows))

    def comparison(self) -> Predicate:
        if self.peek()[0] in ("text", "number", "date"):
            return self.reversed_comparison()
        key = self.key()
        if self.word("is"):
            negated = self.word("not")
            if not self.word("null"):
                raise Invalid("filter", f"'null' expected after 'is' in {self.text!r}")
            return Not(Unset(key)) if negated else Unset(key)
        negated = self.word("not")
        found = self.condition(key)
        return negate(found) if negated else found

    def condition(self, key: str) -> Predicate:
        if self.word("between"):
            low = self.literal()
            if not self.word("and"):
                raise Invalid("filter", f"'and' expected after 'between' in {self.text!r}")
            return Both((Comparison(key, ">=", low), Comparison(key, "<=", self.literal())))
        if self.word("in"):
            return Membership(key, self.values())
        op = self.operator()
        return Comparison(key, op, self.literal())

    def reversed_comparison(self) -> Predicate:
        literal = self.literal()
        op = self.operator()
        if op not in _FLIPPED:
            raise Invalid("filter", f"the key stands left of 'like' in {self.text!r}")
        return Comparison(self.key(), _FLIPPED[op], literal)

    def values(self) -> tuple[str | int, ...]:
        self.mark("(")
        found = [self.literal()]
        while self.peek() == ("mark", ","):
            self.mark(",")
            found.append(self.literal())
        self.mark(")")
        return tuple(found)

    def key(self) -> str:
        enclosed = self.peek() == ("mark", "(")  # Spark writes `(key) in (...)`
        if enclosed:
            self.mark("(")
        found = self.bare_key()
        if enclosed:
            self.mark(")")
        return found

    def bare_key(self) -> str:
        kind, value = self.next()
        if kind == "quoted":
            return value[1:-1].lower()
        if kind != "word":
            raise Invalid("filter", f"a partition key expected, not {value!r}, in {self.text!r}")
        return value.lower()

    def operator(self) -> str:
        kind, value = self.next()
        if kind == "op":
            return {"==": "=", "<>": "!="}.get(value, value)
        if kind == "word" and value.lower() == "like":
            return "like"
        raise Invalid("filter", f"a comparison expected, not {value!r}, in {self.text!r}")

    def literal(self) -> str | int:
        if self.peek()[0] == "word" and self.peek()[1].lower() in ("date", "timestamp"):
            self.next()
        kind, value = self.next()
        if kind == "text":
            return _unquote(value)
        if kind == "number":
            return int(value)
        if kind == "date":
            return value
        raise Invalid("filter", f"a quoted text or a number expected, not {value!r}, in {self.text!r}")


def parse_filter(text: str) -> Predicate | None:
    """Parse a filter of Hive's `get_partitions_by_filter`; an empty one is None. Raises `Invalid` and nothing else."""
    if not text.strip():
        return None
    parser = _Parser(text)
    parsed = parser.disjunction()
    if parser.peek()[0] != "end":
        raise Invalid("filter", f"goes on after its end with {parser.peek()[1]!r}: {text!r}")
    return parsed


def keys_of(predicate: Predicate) -> frozenset[str]:
    """The keys a predicate speaks of."""
    if isinstance(predicate, Comparison | Membership | Unset):
        return frozenset((predicate.key,))
    if isinstance(predicate, Not):
        return keys_of(predicate.part)
    return frozenset().union(*(keys_of(part) for part in predicate.parts))


_LIKE_PARTS = re.compile(r"\\[%_]|\.\*|.", re.DOTALL)
_LIKE = {"%": ".*", "_": ".", ".*": ".*", "\\%": "%", "\\_": "_"}


def _number(text: str) -> int | None:
    return int(text) if re.fullmatch(r"[+-]?\d{1,18}", text) else None


def like_pattern(text: str) -> re.Pattern[str]:
    """The regular expression of a LIKE pattern: `%` any characters, `_` one, both themselves after a backslash.

    `.*` is any as well: so Spark writes it for Hive 2.
    """
    return re.compile("".join(_LIKE.get(part, re.escape(part)) for part in _LIKE_PARTS.findall(text)), re.DOTALL)


_COMPARE: Mapping[str, Callable[[object, object], bool]] = {
    "=": lambda a, b: a == b,
    "!=": lambda a, b: a != b,
    "<": lambda a, b: a < b,  # type: ignore[operator]
    "<=": lambda a, b: a <= b,  # type: ignore[operator]
    ">": lambda a, b: a > b,  # type: ignore[operator]
    ">=": lambda a, b: a >= b,  # type: ignore[operator]
}


def matches(predicate: Predicate, values: Mapping[str, str], numeric: frozenset[str]) -> bool:
    """Whether partition `values` (by key, lower case) meet the predicate; keys in `numeric` are compared as integers.

    A value that is not a number under a numeric key (such as the default partition) meets no comparison.
    """
    if isinstance(predicate, Both):
        return all(matches(part, values, numeric) for part in predicate.parts)
    if isinstance(predicate, Either):
        return any(matches(part, values, numeric) for part in predicate.parts)
    if isinstance(predicate, Not):
        return not matches(predicate.part, values, numeric)
    held = values[predicate.key]
    if isinstance(predicate, Unset):
        return held in UNSET
    if isinstance(predicate, Membership):
        if predicate.key in numeric and _number(held) is None:
            return False
        return any(_compare("=", held, v, predicate.key in numeric) for v in predicate.values) != predicate.negated
    return _compare(predicate.op, held, predicate.value, predicate.key in numeric)


def _compare(op: str, held: str, wanted: str | int, numeric: bool) -> bool:
    if op == "like":
        return like_pattern(str(wanted)).fullmatch(held) is not None
    if numeric:
        left, right = _number(held), _number(str(wanted))
        return left is not None and right is not None and _COMPARE[op](left, right)
    return _COMPARE[op](held, str(wanted))
