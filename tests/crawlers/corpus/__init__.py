"""Layouts of files as people have them, each with the tables that a crawl must make of it."""

from __future__ import annotations

from tests.crawlers.corpus import (
    avros,
    classifiers,
    columnar,
    dialects,
    encodings,
    grouping,
    hostile,
    ions,
    jsons,
    messy,
    names,
    partitions,
    server_logs,
    workbooks,
    xmls,
)
from tests.crawlers.corpus.kit import Expected, Layout

LAYOUTS: tuple[Layout, ...] = (
    *dialects.LAYOUTS,
    *encodings.LAYOUTS,
    *jsons.LAYOUTS,
    *columnar.LAYOUTS,
    *avros.LAYOUTS,
    *classifiers.LAYOUTS,
    *partitions.LAYOUTS,
    *grouping.LAYOUTS,
    *messy.LAYOUTS,
    *names.LAYOUTS,
    *server_logs.LAYOUTS,
    *xmls.LAYOUTS,
    *workbooks.LAYOUTS,
    *ions.LAYOUTS,
    *hostile.LAYOUTS,
)

__all__ = ["LAYOUTS", "Expected", "Layout"]
