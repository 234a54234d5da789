"""The bytes that a partition has for itself in a list of them, kept with its row so that they are made once.

They are the fields of Thrift's struct Partition, in the binary protocol, that no two partitions share, in an order that
leaves them in one piece: the location, with which the storage descriptor ends, the values, times and parameters. What
comes before (names, columns, formats) is the same for many; facades/hms/encode.py puts it there. Readers of Thrift take
fields in any order.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from struct import Struct

_INT = Struct(">i").pack
_TIMES = Struct(">bhibhi").pack
_SECONDS_MAX = 2**31 - 1


def encode(
    values: Sequence[str], location: str | None, parameters: Mapping[str, str], created_at: int, last_access_at: int
) -> bytes | None:
    """The bytes, with the stop byte of the storage descriptor and of the partition; times are in milliseconds.

    None where a time does not fit, or a text is no valid Unicode.
    """
    created, accessed = created_at // 1000, last_access_at // 1000
    if not (0 <= created <= _SECONDS_MAX and 0 <= accessed <= _SECONDS_MAX):
        return None
    parts: list[bytes] = []
    try:
        if location is not None:
            raw = location.encode()
            parts += (b"\x0b\x00\x02", _INT(len(raw)), raw)
        parts += (b"\0\x0f\x00\x01\x0b", _INT(len(values)))
        for value in values:
            raw = value.encode()
            parts += (_INT(len(raw)), raw)
        parts += (_TIMES(8, 4, created, 8, 5, accessed), b"\x0d\x00\x07\x0b\x0b", _INT(len(parameters)))
        for key, value in parameters.items():
            raw_key, raw = key.encode(), value.encode()
            parts += (_INT(len(raw_key)), raw_key, _INT(len(raw)), raw)
    except UnicodeEncodeError:
        return None
    parts.append(b"\0")
    return b"".join(parts)
