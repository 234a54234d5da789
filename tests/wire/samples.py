"""Random values for Thrift structs, made from the specs of the bindings."""

from typing import Any

from hypothesis import strategies as st

from catalog_server.wire import bindings as b

_INTEGERS = {b.BYTE: 8, b.I16: 16, b.I32: 32, b.I64: 64}
_TEXT = st.text(max_size=8)
_BYTES = st.binary(max_size=8)


def structs(pair: b.Pair, depth: int = 3) -> st.SearchStrategy[Any]:
    """Objects of a pair's class; below `depth` levels structs have no fields set."""
    cls, spec = pair
    if depth == 0:
        return st.builds(cls)
    fields = {field[2]: _deferred(field, depth - 1) for field in spec if field is not None}
    return st.fixed_dictionaries({}, optional=fields).map(lambda chosen: cls(**chosen))


def _deferred(field: Any, depth: int) -> st.SearchStrategy[Any]:
    return st.deferred(lambda: values(field[1], field[3], depth))


def values(kind: int, arguments: Any, depth: int) -> st.SearchStrategy[Any]:
    """Values of one type of the wire."""
    if kind == b.BOOL:
        return st.booleans()
    if kind in _INTEGERS:
        half = 1 << (_INTEGERS[kind] - 1)
        return st.integers(-half, half - 1)
    if kind == b.DOUBLE:
        return st.floats(allow_nan=False)
    if kind == b.STRING:
        return _TEXT if arguments == "UTF8" else _BYTES
    if kind == b.STRUCT:
        return structs(arguments, depth)
    if kind == b.MAP:
        key, key_arguments, value, value_arguments, _ = arguments
        return st.dictionaries(values(key, key_arguments, depth), values(value, value_arguments, depth), max_size=2)
    element, element_arguments, frozen = arguments
    elements = values(element, element_arguments, depth)
    if kind == b.SET:
        return st.sets(elements, max_size=3)
    lists = st.lists(elements, max_size=3)
    return lists.map(tuple) if frozen else lists
