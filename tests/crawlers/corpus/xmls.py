"""XML: rows by their tag, attributes, what is repeated, encodings, and files made to do harm."""

from __future__ import annotations

import gzip

from tests.crawlers.corpus.kit import Layout, table

_HEAD = '<?xml version="1.0" encoding="UTF-8"?>\n'
_BOOKS = (
    _HEAD
    + """<catalog made="2024">
  <book id="1"><title lang="en">Aleph &amp; Beta</title><price>5.5</price><author>A</author><author>B</author></book>
  <book id="2"><title>Gamma</title><price>4</price><author>C</author><day>2024-01-01</day></book>
  <book id="3"/>
</catalog>
"""
)
_BOOK = "_id bigint, title struct<_lang:string,_VALUE:string>, price double, author array<string>, day date"
_MANY = '<!DOCTYPE lolz [<!ENTITY a "lol"><!ENTITY b "&a;&a;&a;&a;&a;&a;">]>'
_FILE = '<!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/passwd">]>'
_ROWS = "<rows><r><a>&a;</a></r><r><a>1</a></r></rows>"

LAYOUTS = (
    Layout(
        "xml_rows",
        {
            "books/a.xml": _BOOKS.encode(),
            "packed/a.xml.gz": gzip.compress(_BOOKS.encode()),
            "deep/a.xml": (
                _HEAD + "<answer><status>ok</status><rows><row><n>1</n></row><row><n>2</n></row></rows></answer>"
            ).encode(),
            "latin/a.xml": '<?xml version="1.0" encoding="ISO-8859-1"?><r><x><n>1</n><s>é</s></x><x><n>2</n></x></r>'.encode(
                "iso-8859-1"
            ),
        },
        {
            "books": table(_BOOK, 3, _id=6, price=9.5, **{"cardinality(author)": 3}, format="xml", kind="XML"),
            "packed": table(_BOOK, 3, _id=6, price=9.5, format="xml", kind="XML"),
            "deep": table("n bigint", 2, n=3, format="xml", kind="XML"),
            "latin": table("n bigint, s string", 2, n=3, format="xml", kind="XML"),
        },
    ),
    Layout(
        "xml_of_several_files",
        {
            "t/a.xml": (_HEAD + "<r><x><n>1</n><k>a</k></x><x><n>2</n></x></r>").encode(),
            "t/b.xml": (_HEAD + "<r><x><n>1.5</n><k>a</k><k>b</k></x><x><more>2</more></x></r>").encode(),
        },
        {"t": table("n double, k array<string>, more bigint", 4, n=4.5, more=2, format="xml", kind="XML")},
    ),
    Layout(
        "xml_said_tag",
        {"t/a.xml": b'<?xml version="1.0"?><order><id>7</id></order>'},
        {"t": table("id bigint", 1, id=7, format="xml", kind="XML")},
        options={"xml.row_tag": "order"},
    ),
    Layout(
        "xml_hostile",
        {
            "t/good.xml": b"<?xml version='1.0'?><r><x><n>1</n></x><x><n>2</n></x></r>",
            "t/bomb.xml": ("<?xml version='1.0'?>" + _MANY + _ROWS).encode(),
            "t/file.xml": ("<?xml version='1.0'?>" + _FILE + _ROWS).encode(),
            "t/cut.xml": b"<?xml version='1.0'?><r><x><n>1</n></x><x><n>2</",
            "t/deep.xml": b"<?xml version='1.0'?>" + b"<a>" * 5000 + b"</a>" * 5000,
            "t/config.xml": b"<?xml version='1.0'?><settings><debug>true</debug></settings>",
            "t/words.xml": b"only words\n",
        },
        {"t": table("n bigint", 2, format="xml")},
        problems={
            "bomb.xml": "it declares entities",
            "file.xml": "it declares entities",
            "cut.xml": "no XML",
            "deep.xml": "nested more than",
            "config.xml": "without an element that is repeated",
            "words.xml": "its name says XML",
        },
    ),
)
