"""The parser of Thrift IDL understands the language that idl/ is written in, and says where it does not."""

import pytest

from catalog_server.wire.idl import Field, IDLError, parse

TEXT = """
/* A comment
   of two lines. */
namespace py example
include "other.thrift"
const string KEY = "k"  // since 1.2
enum Kind { ONE = 1, TWO = 2 }
// since 3.0
struct Thing {
  1: required map<string, list<i64>> sizes,
  -2: optional Kind kind = Kind.TWO;  # a comment
} (variant.of = "Other", variant.when = "1:string")
exception Bad { 1: string message }
service Things extends other.Base {
  // 1.2 to 3.1
  Thing get(1: string name, 2: i16 count = -1) throws (1: Bad o1),
  oneway void stop(),
}
"""


def test_a_document_is_read() -> None:
    document = parse(TEXT)
    assert document.includes == ["other.thrift"]
    assert document.constants == {"KEY": "k"}
    assert document.enums["Kind"].values == {"ONE": 1, "TWO": 2}
    thing = document.structs["Thing"]
    assert (thing.kind, thing.versions, thing.annotations["variant.of"]) == ("struct", "since 3.0", "Other")
    assert thing.fields == (
        Field(1, "sizes", "map<string,list<i64>>", "required"),
        Field(-2, "kind", "Kind", "optional", "Kind.TWO"),
    )
    get = document.functions["get"]
    assert (get.returns, get.versions, get.throws) == ("Thing", "1.2 to 3.1", (Field(1, "o1", "Bad"),))
    assert get.arguments[1] == Field(2, "count", "i16", "", "-1")
    assert document.functions["stop"].oneway


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("struct A {\n  1 string x }", "line 2: found 'string', expected ':'"),
        ("struct A { 1: string x", "line 1: found 'the end of the file'"),
        ("\nsenum A {}", "line 2: 'senum' does not begin a definition"),
        ("struct A { ! }", "line 1: '! }' is not understood"),
    ],
)
def test_what_is_no_idl_is_refused_with_its_line(text: str, message: str) -> None:
    with pytest.raises(IDLError, match=message.replace("{", r"\{")):
        parse(text)
