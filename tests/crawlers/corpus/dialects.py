"""CSV and its kin: delimiters, quotes, escapes, several lines, headers and none, ragged rows."""

from __future__ import annotations

from tests.crawlers.corpus.kit import Layout, table, text

_PEOPLE = "id bigint, name string, age bigint"
_NULLS = "CSV with words for NULL"
_ROWS = (("1", "Anna", "31"), ("2", "Boris", "42"), ("3", "Chen", "53"))


def _people(delimiter: str, head: bool = True) -> bytes:
    rows = [("id", "name", "age"), *_ROWS] if head else list(_ROWS)
    return text(*(delimiter.join(row) for row in rows))


LAYOUTS = (
    Layout(
        "delimiters",
        {
            "comma/a.csv": _people(","),
            "semicolon/a.csv": _people(";"),
            "tab/a.tsv": _people("\t"),
            "pipe/a.psv": _people("|"),
            "control/a.csv": _people("\x01"),
            "untold/part-00000": _people("|"),
        },
        {name: table(_PEOPLE, 3, id=6, age=126) for name in ("comma", "semicolon", "tab", "pipe", "control", "untold")},
    ),
    Layout(
        "said_delimiter",
        {"t/a.csv": text("a~b", "1~2", "3~4")},
        {"t": table("a bigint, b bigint", 2, a=4, b=6)},
        options={"csv.delimiter": "~"},
    ),
    Layout(
        "without_header",
        {"t/a.csv": _people(",", head=False)},
        {"t": table("col0 bigint, col1 string, col2 bigint", 3, col0=6, col2=126)},
    ),
    Layout(
        "header_of_texts",
        {"t/a.csv": text("first_name,last_name,city", "Anna,Maier,Bonn", "Boris,Iwanow,Perm", "Chen,Wu,Wuhan")},
        {"t": table("first_name string, last_name string, city string", 3)},
    ),
    Layout(
        "texts_without_header",
        {"t/a.csv": text("Anna,Maier,Bonn", "Boris,Iwanow,Perm", "Chen,Wu,Bonn", "Anna,Wu,Perm")},
        {"t": table("col0 string, col1 string, col2 string", 4)},
    ),
    Layout(
        "said_header",
        {"t/a.csv": text("red,green", "blue,red", "green,blue")},
        {"t": table("red string, green string", 2)},
        options={"csv.header": "present"},
    ),
    Layout(
        "quotes",
        {
            "doubled/a.csv": text("id,name,n", '1,"Maier, Anna",5', '2,"the ""Boss""",6', "3,plain,7"),
            "escaped/a.csv": text("id,name,n", '1,"Maier, Anna",5', '2,"the \\"Boss\\"",6', "3,plain,7"),
            "single/a.csv": text("id;name;n", "1;'Maier; Anna';5", "2;'x; y';6", "3;plain;7"),
            "all/a.csv": text('"id","name","n"', '"1","Anna","5"', '"2","Boris","6"'),
        },
        {
            "doubled": table("id bigint, name string, n bigint", 3, id=6, n=18, kind="CSV with quotes"),
            "escaped": table("id bigint, name string, n bigint", 3, id=6, n=18, kind="CSV with quotes"),
            "single": table("id bigint, name string, n bigint", 3, id=6, n=18, kind="CSV with quotes"),
            "all": table("id bigint, name string, n bigint", 2, id=3, n=11, kind="CSV with quotes"),
        },
    ),
    Layout(
        "late_quotes",
        {"t/a.csv": text("id,name", *(f"{n},plain" for n in range(1, 4000)), '4000,"Maier, Anna"')},
        {"t": table("id bigint, name string", 4000, id=8002000, kind="CSV with quotes")},
    ),
    Layout(
        "inches",
        {"t/a.csv": text("id,size", '1,5" pipe', '2,7" pipe', "3,9 mm")},
        {"t": table("id bigint, size string", 3, id=6)},
    ),
    Layout(
        "several_lines",
        {"t/a.csv": b'id,remark,n\n1,"one\ntwo",5\n2,"three\n\nfour",6\n3,flat,7\n'},
        {"t": table("id bigint, remark string, n bigint", 3, id=6, n=18, kind="CSV, fields over several lines")},
    ),
    Layout(
        "carriage_returns",
        {"t/a.csv": text("id,name,age", "1,Anna,31", "2,Boris,42", end="\r\n")},
        {"t": table(_PEOPLE, 2, id=3, age=73)},
    ),
    Layout(
        "ragged",
        {"t/a.csv": text("a,b,c", "1,2,3", "4,5", "6,7,8,9", "10,11,12")},
        {"t": table("a bigint, b bigint, c bigint", 4, a=21, b=25, c=23, kind="CSV, rows of unequal length")},
        decisions=("do not have 3 fields",),
    ),
    Layout(
        "trailing_delimiter",
        {"t/a.csv": text("a,b,", "1,2,", "3,4,"), "u/a.tbl": text("1|x|", "2|y|"), "v/a.csv": text("a,b,c", "1,2,")},
        {
            "t": table("a bigint, b bigint", 2, a=4, b=6, kind="CSV, rows of unequal length"),
            "u": table("col0 bigint, col1 string", 2, col0=3, kind="CSV, rows of unequal length"),
            "v": table("a bigint, b bigint, c string", 1, a=1, b=2),
        },
        decisions=("each line ends with the delimiter",),
    ),
    Layout(
        "header_of_odd_names",
        {
            "t/a.csv": text("Place,Cost Total $,% of all,What's up?", "here,1,2.5,x", "there,2,3.5,y"),
            "u/a.csv": text("country,1990,1991,1992", "Chad,1.5,2.5,3.5", "Peru,4.5,5.5,6.5"),
        },
        {
            "t": table("Place string, Cost Total $ bigint, % of all double, What's up? string", 2),
            "u": table("country string, 1990 double, 1991 double, 1992 double", 2),
        },
    ),
    Layout(
        "quoted_fields_that_end_with_the_delimiter",
        {"t/a.csv": text("id,remark", '1,"so, then,"', '2,"and so on,"')},
        {"t": table("id bigint, remark string", 2, id=3, kind="CSV with quotes")},
    ),
    Layout(
        "documents_beside_data",
        {"t/a.csv": text("a,b", "1,2"), "t/README.md": text("# About", 'Data, some of it "raw", more', "a, b")},
        {"t": table("a bigint, b bigint", 1, a=1, b=2)},
        problems={"README.md": "Markdown: a text for people"},
    ),
    Layout(
        "blank_lines",
        {"t/a.csv": text("a,b", "", "1,2", "", "3,4", "")},
        {"t": table("a bigint, b bigint", 2, a=4, b=6, kind="CSV with blank lines")},
    ),
    Layout(
        "one_column",
        {"t/a.csv": text("n", "1", "2", "3")},
        {"t": table("n bigint", 3, n=6)},
    ),
    Layout(
        "nulls",
        {
            "words/a.csv": text("id,n,x", "1,NA,1.5", "2,7,NA", "3,8,2.5"),
            "empty/a.csv": text("id,n,x", "1,,1.5", "2,7,", "3,8,2.5"),
            "hive/a.csv": text("id,n,x", "1,\\N,1.5", "2,7,\\N", "3,8,2.5"),
        },
        {
            name: table("id bigint, n bigint, x double", 3, id=6, n=15, x=4, kind=kind)
            for name, kind in (("words", _NULLS), ("empty", ""), ("hive", _NULLS))
        },
    ),
    Layout(
        "kinds",
        {
            "t/a.csv": text(
                "whole,big,huge,real,flag,day,at,code,mixed",
                "1,3000000000,123456789012345678901,1.5,true,2024-02-29,2024-01-01 10:00:00,007,1",
                "2,4,5,-2e3,false,2024-03-01,2024-01-02 11:00:00,008,x",
            )
        },
        {
            "t": table(
                "whole bigint, big bigint, huge decimal(38,0), real double, flag boolean, day date, at timestamp,"
                " code string, mixed string",
                2,
                whole=3,
                big=3000000004,
                real=-1998.5,
                **{"year(at)": 4048, "year(day)": 4048},
            )
        },
    ),
    Layout(
        "types_by_several_files",
        {
            "t/a.csv": text("id,n", "1,2", "3,4"),
            "t/b.csv": text("id,n", "5,2.5", "6,3.5"),
            "t/c.csv": text("id,n", "7,", "8,"),
        },
        {"t": table("id bigint, n double", 6, id=30, n=12)},
    ),
    Layout(
        "columns_added_at_the_end",
        {"t/2023.csv": text("id,n", "1,2", "3,4"), "t/2024.csv": text("id,n,more", "5,6,x", "7,8,y")},
        {"t": table("id bigint, n bigint, more string", 4, id=16, n=20, kind="CSV, rows of unequal length")},
    ),
    Layout(
        "columns_in_another_order",
        {
            "t/a.csv": text("id,n,k", "1,2,3", "3,4,5"),
            "t/b.csv": text("id,n,k", "5,6,7", "7,8,9"),
            "t/c.csv": text("n,id,k", "1,1,1", "1,1,1"),
        },
        {"t": table("id bigint, n bigint, k bigint", 4)},
        problems={"c.csv": "its columns differ"},
    ),
    Layout(
        "names_of_columns",
        {"t/a.csv": text("Order ID,Unit-Price (€),Order ID,größe", "1,2.5,3,4", "5,6.5,7,8")},
        {"t": table("Order ID bigint, Unit-Price (€) double, Order ID_2 bigint, größe bigint", 2)},
        options={"csv.header": "present"},
    ),
    Layout(
        "header_alone",
        {"t/a.csv": text("id,name"), "u/a.csv": text("id,name"), "u/b.csv": text("id,name", "1,x", "2,y")},
        {"t": table("id string, name string", 0), "u": table("id bigint, name string", 2, id=3)},
    ),
    Layout(
        "other_delimiter_in_the_folder",
        {
            "t/a.csv": text("a,b", "1,2", "3,4"),
            "t/b.csv": text("a,b", "5,6", "7,8"),
            "t/c.csv": text("a;b", "1;1", "1;1"),
        },
        {"t": table("a bigint, b bigint", 4)},
        problems={"c.csv": "delimiter ';' where the others have ','"},
    ),
)
