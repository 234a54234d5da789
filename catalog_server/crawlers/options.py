"""What a crawler can be told beside its targets."""

from __future__ import annotations

from collections.abc import Mapping

from catalog_server.crawlers.files import Settings
from catalog_server.model.errors import Invalid

OPTIONS = {
    "peek": "files of which the first bytes are read; of the others names are believed (1000)",
    "sample": "files of each table that are looked at closely (20)",
    "csv.header": "present or absent, where it is known for all CSV files",
    "csv.delimiter": "the delimiter, where it is known for all CSV files",
    "csv.quote": "the quote, or none, where it is known for all CSV files",
    "csv.columns": "all columns of all CSV files, as NAME or NAME TYPE, with commas between",
    "grok.pattern": "what each line of a log looks like, as %{NAME:column:type} between regular expressions",
    "regex.pattern": "the same as a regular expression, each of whose groups is a column, as (?P<name>...)",
    "json.path": "where the rows stand in each JSON document, as $.name.name[*]",
    "xml.row_tag": "the name of the elements that are rows, where it is known for all XML files",
    "classifiers": "a line for each: a glob of files, and options of one format that count for them, the first that fits",
    "recrawl": "everything, changes or new_folders: what of that which was seen before is looked at again (changes)",
    "exclude": "globs of files that are left out, below the target, with commas between them",
    "table_level": "how deep tables lie, the bucket being level 1; all folders below them are partitions",
    "one_table": "true if all that a target holds is one table (false)",
    "grouping": "which folders side by side are one table: those of a series, similar ones, combine all, or folders (series)",
    "statistics": "footers, or none, of which column statistics are made (footers)",
    "engine": "local, or spark: what lists and looks at the files, this server or a Spark application (local)",
    "tables_max": "new tables that one crawl may make (1000)",
    "on_changed_table": "update tables that are different now, add_columns to them only, or log what is different (update)",
    "on_missing_table": "keep, deprecate or drop tables of which nothing is left (keep)",
    "on_missing_partition": "keep or drop partitions of which nothing is left (drop)",
    "events": "webhook, watch, sqs:URL, or kafka://HOST:PORT/TOPIC: what tells of new, changed and deleted objects",
    "events.heal": "how long after the last crawl in full the next one finds what no event told, or off (1h)",
}
"""What a crawler can be told, and what is so if it is not."""
_CHOICES = {
    "on_changed_table": ("update", "add_columns", "log"),
    "on_missing_table": ("keep", "deprecate", "drop"),
    "on_missing_partition": ("keep", "drop"),
}


def check_options(options: Mapping[str, str]) -> None:
    """Refuse options that are not known, and values that they cannot have; raises `Invalid`."""
    for key, value in options.items():
        if key not in OPTIONS:
            raise Invalid("options", f"{key} is not known; known: {', '.join(OPTIONS)}")
        if key in _CHOICES and value not in _CHOICES[key]:
            raise Invalid(f"option {key}", f"{value!r} is none of {', '.join(_CHOICES[key])}")
        if key == "tables_max" and not value.isdecimal():
            raise Invalid(f"option {key}", f"{value!r} is not a number")
    Settings.of(options)
