"""Logs of common servers: each line matches one of a few fixed patterns, which Hive's RegexSerDe is told too.

The patterns are fit for Java and Python alike. None of their repetitions can match a text in two ways, so that a line takes
time in proportion to its length.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from catalog_server.lake.formats.base import FileProblem, FileSchema, Sample, decode, whole_lines
from catalog_server.lake.formats.grok import FORMAT, parse
from catalog_server.model.table import Column

PATTERN = "input.regex"
"""Parameter in which Hive's RegexSerDe finds its pattern."""
_LINES_MAX = 20_000
_LOOKED_AT = 20
_QUOTED = r'"([^"\\]*(?:\\.[^"\\]*)*)"'
_WORD = r"(\S+)"


@dataclass(frozen=True, slots=True)
class Log:
    """A kind of log: its pattern, which has a group for each column."""

    pattern: str
    columns: tuple[Column, ...]

    @classmethod
    def of(cls, parts: list[str], columns: str) -> Log:
        """From patterns that are separated by single spaces, and names of columns, whose type is text unless said."""
        pairs = (column.partition(":") for column in columns.split())
        return cls(" ".join(parts), tuple(Column(name, kind or "string") for name, _, kind in pairs))


_COMMON = [_WORD, _WORD, _WORD, r"\[([^\]]*)\]", _QUOTED, r"(\d{3})", r"(\d+|-)"]
_COMMON_COLUMNS = "host ident user time request status:int bytes:bigint"
_BALANCER = [_WORD, _WORD, _WORD, _WORD, *[r"([-.\d]+)"] * 3, r"([-\d]+)", r"([-\d]+)", r"(\d+)", r"(\d+)"]
_BALANCER_COLUMNS = (
    "time elb client {0} request_processing_time:double {0}_processing_time:double response_processing_time:double"
    " elb_status:int {0}_status:int received_bytes:bigint sent_bytes:bigint request user_agent ssl_cipher ssl_protocol"
)
_ALB_REST = [_WORD, *[_QUOTED] * 3, _WORD, _WORD, *[_QUOTED] * 7]
LOGS = {
    "apache_combined": Log.of([*_COMMON, _QUOTED, _QUOTED], f"{_COMMON_COLUMNS} referer user_agent"),
    "apache_common": Log.of(_COMMON, _COMMON_COLUMNS),
    "elb": Log.of([*_BALANCER, _QUOTED, _QUOTED, _WORD, _WORD], _BALANCER_COLUMNS.format("backend")),
    "alb": Log.of(
        [r"(https?|h2|grpcs|wss?)", *_BALANCER, _QUOTED, _QUOTED, _WORD, _WORD, " ".join(_ALB_REST) + "(?: (.*))?"],
        f"type {_BALANCER_COLUMNS.format('target')} target_group_arn trace_id domain_name chosen_cert_arn"
        " matched_rule_priority request_creation_time actions_executed redirect_url error_reason target_list"
        " target_status_list classification classification_reason rest",
    ),
    "syslog": Log.of(
        [r"(?:<(\d{1,3})>)?([A-Z][a-z]{2} [ \d]\d \d{2}:\d{2}:\d{2})", _WORD, r"([^\s:\[]+)(?:\[(\d+)\])?: ?(.*)"],
        "priority:int time host program pid:int message",
    ),
    "syslog_5424": Log.of(
        [r"<(\d{1,3})>1", _WORD, _WORD, _WORD, _WORD, _WORD, r"(-|\[.*\])(?: (.*))?"],
        "priority:int time host program pid message_id data message",
    ),
}
_COMPILED = {name: re.compile(log.pattern) for name, log in LOGS.items()}


def log_of(text: str, complete: bool, grok: str = "") -> str | None:
    """The kind of log that each of a text's first lines is of, a pattern of `grok` first; None if there is no such kind."""
    lines = [line for line in text[:262_144].splitlines() if line.strip()]
    looked = (lines if complete and len(text) <= 262_144 else lines[:-1])[:_LOOKED_AT]
    if not looked:
        return None
    if grok and sum(1 for line in looked if parse(grok).compiled.fullmatch(line)) * 2 > len(looked):
        return FORMAT
    return next((name for name, held in _COMPILED.items() if all(map(held.fullmatch, looked))), None)


def inspect(sample: Sample, format: str, grok: str = "") -> FileSchema:
    """The columns of a log of one of `LOGS`, or of a pattern of `grok`; raises `FileProblem` where lines are of another kind."""
    text, encoding = decode(sample.body)
    lines = [line for line in whole_lines(text, sample.complete).splitlines() if line.strip()]
    own = parse(grok) if format == FORMAT else None
    compiled = own.compiled if own else _COMPILED[format]
    odd = [number for number, line in enumerate(lines[:_LINES_MAX], 1) if not compiled.fullmatch(line)]
    if len(odd) * 10 > len(lines):
        raise FileProblem(f"{len(odd)} of {len(lines)} lines are none of {format}, the first is line {odd[0]}")
    notes = (f"{len(odd)} lines (the first is line {odd[0]}) are none of {format}: rows of NULLs",) if odd else ()
    options = {PATTERN: own.regex if own else LOGS[format].pattern}
    if sample.compression:
        options["compression"] = sample.compression
    if encoding != "UTF-8":
        options["encoding"] = encoding
    rows = len(lines) if sample.complete and len(lines) < _LINES_MAX else None
    certainty = 1 - len(odd) / max(1, min(len(lines), _LINES_MAX))
    columns = own.columns if own else LOGS[format].columns
    return FileSchema(format, columns, options, rows, notes, certainty=certainty)
