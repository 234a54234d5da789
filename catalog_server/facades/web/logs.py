"""Log lines of the server: JSON for machines, short lines at a terminal, never the values that code was working with."""

from __future__ import annotations

import json
import logging
import sys
from typing import Any

import msgspec
import structlog


def configure() -> None:
    """Set up logging to stderr, unless whoever embeds the server has done so; a terminal gets warnings and errors only."""
    if structlog.is_configured():
        return
    terminal = sys.stderr.isatty()
    shared: list[Any] = [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.format_exc_info,
    ]
    renderer = structlog.dev.ConsoleRenderer() if terminal else structlog.processors.JSONRenderer(_json)
    structlog.configure(
        processors=[*shared, renderer],
        wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING if terminal else logging.INFO),
        logger_factory=structlog.WriteLoggerFactory(file=sys.stderr),
        cache_logger_on_first_use=False,
    )


def _json(event: Any, **options: Any) -> str:
    """A line of the log; `default` of the options spells what is no JSON."""
    try:
        return msgspec.json.encode(event, enc_hook=options.get("default")).decode()
    except ValueError:  # half of a surrogate pair, which no UTF-8 can hold
        return json.dumps(event, **options)
