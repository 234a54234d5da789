"""Finds where Thrift messages begin and end in what a client has sent so far, and refuses what is no message.

A message of the unframed protocols says nowhere how long it is: its end is known only by walking it. The walk is
resumed where it stopped, so a large message that comes in many pieces is walked once; and every declared length is
held against what may still come, so that it is refused before a byte of it is stored.
"""

from dataclasses import dataclass, replace
from enum import StrEnum
from struct import Struct
from struct import error as StructError  # noqa: N812
from typing import NamedTuple

_NAME_BYTES_MAX = 1024
_INT = Struct(">i").unpack_from
_HEAD = Struct(">Ii").unpack_from
_LIST = Struct(">Bi").unpack_from
_MAP = Struct(">BBi").unpack_from

_STRING, _STRUCT, _MAP_TYPE, _SET, _LIST_TYPE = 11, 12, 13, 14, 15
_FIXED_BYTES = (0, 0, 1, 1, 8, 0, 2, 0, 4, 0, 8, 0, 0, 0, 0, 0, 16)
"""Size of a value by its type in the binary protocol; 0 where it varies or the type does not exist."""
_LEAST_BYTES = (0, 0, 1, 1, 8, 0, 2, 0, 4, 0, 8, 4, 1, 6, 5, 5, 16)
"""The least bytes that a value takes; 0 where the type does not exist."""

_C_BINARY, _C_LIST, _C_SET, _C_MAP, _C_STRUCT = 8, 9, 10, 11, 12
_C_FIXED_BYTES = (0, 1, 1, 1, 0, 0, 0, 8, 0, 0, 0, 0, 0, 16)
_C_LEAST_BYTES = (0, 1, 1, 1, 1, 1, 1, 8, 1, 1, 1, 1, 1, 16)
_NESTED_WEIGHT = 2


class BadMessage(Exception):
    """What the client sent cannot be a Thrift message that is served here; the connection is to be closed."""


class Door(StrEnum):
    """What a client may begin with that is no Thrift message, and holds Thrift messages."""

    TLS = "TLS"
    SASL = "SASL"
    HTTP = "HTTP"


class Framing(NamedTuple):
    """How a client speaks: each message after its length or not, in the compact or in the binary protocol."""

    framed: bool
    compact: bool


@dataclass(frozen=True, slots=True)
class Limits:
    """What one message may hold at most: bytes, levels of nesting, elements of all its containers together.

    An element that is itself a struct or container counts twice, and so does the entry of a map.
    """

    message_bytes: int = 16 * 1024 * 1024
    depth: int = 60
    elements: int = 1_000_000


class Message(NamedTuple):
    """A whole message: its method's name, kind (1 call, 4 oneway), sequence number and the bytes of its struct."""

    name: str
    kind: int
    sequence: int
    body: bytes


def detect(head: bytes | bytearray, limits: Limits) -> Framing | Door | None:
    """How the client speaks, by the first bytes it sent, or None if these are too few to tell. Raises BadMessage."""
    first = head[0]
    if first in (0x80, 0x82):
        if len(head) < 2:
            return None
        if first == 0x80 and head[1] == 0x01:
            return Framing(framed=False, compact=False)
        if first == 0x82 and head[1] & 0x1F == 1:
            return Framing(framed=False, compact=True)
        raise BadMessage("neither the binary nor the compact protocol, version 1")
    if first == 0x16:
        return Door.TLS
    if 0x41 <= first <= 0x5A:
        return Door.HTTP
    return _detect_framed(head, limits)


def _detect_framed(head: bytes | bytearray, limits: Limits) -> Framing | Door | None:
    if len(head) < 5 and head[0] <= 1:
        return None
    if head[0] > 1 or head[4] not in (0x80, 0x82):
        if head[0] == 1 and head[1:4] == b"\0\0\0":
            return Door.SASL
        if head[0] == 0:
            raise BadMessage("the binary protocol without version (non-strict) is not served")
        raise BadMessage(f"no Thrift message begins with byte {head[0]}")
    if _INT(head)[0] > limits.message_bytes:
        raise BadMessage(f"a frame of {_INT(head)[0]} bytes exceeds the limit of {limits.message_bytes}")
    return Framing(framed=True, compact=head[4] == 0x82)


class Reader:
    """Takes messages off the front of a growing buffer, one by one."""

    __slots__ = ("_frame_bytes", "_framed", "_limits", "_make", "_scanner")

    def __init__(self, framing: Framing, limits: Limits) -> None:
        self._framed = framing.framed
        self._make: type[Scanner] = CompactScanner if framing.compact else BinaryScanner
        self._limits = limits
        self._frame_bytes = 0
        self._scanner: Scanner = self._make(limits)

    def next(self, buffer: bytearray) -> Message | None:
        """The first message of the buffer, which is removed from it, or None if it is not whole. Raises BadMessage.

        After a call that returns None the buffer may only grow.
        """
        if self._framed and not self._frame_bytes and not self._begin_frame(buffer):
            return None
        scanner = self._scanner
        if not scanner.scan(buffer):
            if self._frame_bytes and len(buffer) >= self._frame_bytes:
                raise BadMessage("the message in a frame is longer than the frame")
            return None
        if self._frame_bytes not in (0, scanner.position):
            raise BadMessage("the message in a frame is shorter than the frame")
        message = scanner.message(buffer)
        del buffer[: scanner.position]
        self._frame_bytes = 0
        self._scanner = self._make(self._limits)
        return message

    def _begin_frame(self, buffer: bytearray) -> bool:
        """Take the length of a frame off the buffer, once there is something of the frame itself too."""
        if len(buffer) < 5:
            return False
        length = _INT(buffer)[0]
        if not 0 < length <= self._limits.message_bytes:
            raise BadMessage(f"a frame of {length} bytes, the limit is {self._limits.message_bytes}")
        del buffer[:4]
        self._frame_bytes = length
        self._scanner = self._make(replace(self._limits, message_bytes=length))
        return True


class Scanner:
    """Walks one message that begins at byte 0 of a growing buffer."""

    __slots__ = ("_body", "_elements", "_frame", "_limits", "_name", "_stack", "kind", "position", "sequence")

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._elements = limits.elements
        self._body = 0
        self._name = b""
        self.kind = 0
        self.sequence = 0
        self.position = 0
        """Where the next unread part begins; it may lie beyond what has come. After the end: the message's length."""
        self._stack: list[tuple[int, int, int]] = []
        self._frame = (-1, 0, 0)
        """(values left, type of even ones, type of odd ones), counted down; -1 left stands for a struct's fields."""

    def scan(self, buffer: bytes | bytearray) -> bool:
        """Walk on; True when the whole message has come. Raises BadMessage."""
        if len(buffer) <= self.position:
            return False
        if not self._body:
            try:
                self._head(buffer)
            except (IndexError, StructError):
                return False
        return self._walk(buffer)

    def message(self, buffer: bytes | bytearray) -> Message:
        """The message that a scan found the end of."""
        body = bytes(memoryview(buffer)[self._body : self.position])
        return Message(self._name.decode("utf-8", "replace"), self.kind, self.sequence, body)

    def _head(self, buffer: bytes | bytearray) -> None:
        raise NotImplementedError

    def _walk(self, buffer: bytes | bytearray) -> bool:
        raise NotImplementedError

    def _begin(self, name: bytes | bytearray, body: int) -> None:
        self._name, self._body, self.position = bytes(name), body, body

    def _enter(self, count: int, least: int, position: int, weight: int = 1) -> None:
        """Check a container or struct before it is entered."""
        if position + count * least > self._limits.message_bytes:
            raise BadMessage(f"a container of {count} elements exceeds {self._limits.message_bytes} bytes")
        self._elements -= count * weight
        if self._elements < 0:
            raise BadMessage(f"more than {self._limits.elements} elements in one message")
        if len(self._stack) >= self._limits.depth:
            raise BadMessage(f"more than {self._limits.depth} levels of nesting")

    def _stop(self, position: int, frame: tuple[int, int, int]) -> bool:
        """Remember where to go on. Raises BadMessage if the message is already known to be too long."""
        self._check_length(position)
        self.position, self._frame = position, frame
        return False

    def _check_length(self, position: int) -> None:
        if position > self._limits.message_bytes:
            raise BadMessage(f"a message of more than {self._limits.message_bytes} bytes")


class BinaryScanner(Scanner):
    """Walks messages of the strict binary protocol."""

    __slots__ = ()

    def _head(self, buffer: bytes | bytearray) -> None:
        version, length = _HEAD(buffer)
        if version & 0xFFFFFF00 != 0x80010000:
            raise BadMessage("a message does not begin with version 1 of the binary protocol")
        if not 0 <= length <= _NAME_BYTES_MAX:
            raise BadMessage(f"a method name of {length} bytes")
        self.sequence = _INT(buffer, 8 + length)[0]
        self.kind = version & 0xFF
        self._begin(buffer[8 : 8 + length], 12 + length)

    def _walk(self, buffer: bytes | bytearray) -> bool:
        limit, stack, fixed_bytes = self._limits.message_bytes, self._stack, _FIXED_BYTES
        position, (left, even, odd) = self.position, self._frame
        start, start_left = position, left
        try:
            while position <= limit:
                start, start_left = position, left
                if left < 0:
                    kind = buffer[position]
                    if kind == 0:
                        position += 1
                        if not stack:
                            self._check_length(position)
                            self.position = position
                            return True
                        left, even, odd = stack.pop()
                        continue
                    position += 3
                elif left == 0:
                    left, even, odd = stack.pop()
                    continue
                else:
                    kind = odd if left & 1 else even
                    left -= 1
                if kind == _STRING:
                    length = _INT(buffer, position)[0]
                    if length < 0:
                        raise BadMessage("a string of negative length")
                    position += 4 + length
                elif kind > 16:
                    raise BadMessage(f"a value of type {kind}")
                elif fixed_bytes[kind]:
                    position += fixed_bytes[kind]
                elif kind == _STRUCT:
                    self._enter(0, 0, position)
                    stack.append((left, even, odd))
                    left = -1
                else:
                    position, values, first, second = self._container(kind, buffer, position)
                    if values:
                        stack.append((left, even, odd))
                        left, even, odd = values, first, second
        except (IndexError, StructError):
            return self._stop(start, (start_left, even, odd))
        return self._stop(position, (left, even, odd))

    def _container(self, kind: int, buffer: bytes | bytearray, position: int) -> tuple[int, int, int, int]:
        """(position after the header, values to walk, types of even and odd ones); no values if all are of one size."""
        if kind in (_LIST_TYPE, _SET):
            second, count = _LIST(buffer, position)
            first, values, position = second, count, position + 5
        elif kind == _MAP_TYPE:
            first, second, count = _MAP(buffer, position)
            values, position = 2 * count, position + 6
        else:
            raise BadMessage(f"a value of type {kind}")
        if count < 0:
            raise BadMessage("a container of negative size")
        if count == 0:
            return position, 0, 0, 0
        if first > 16 or second > 16 or not _LEAST_BYTES[first] or not _LEAST_BYTES[second]:
            raise BadMessage(f"a container of type {first} or {second}")
        least = _LEAST_BYTES[second] + (_LEAST_BYTES[first] if kind == _MAP_TYPE else 0)
        nested = kind == _MAP_TYPE or second > _STRING
        self._enter(count, least, position, _NESTED_WEIGHT if nested else 1)
        if _FIXED_BYTES[first] and _FIXED_BYTES[second]:
            return position + count * least, 0, 0, 0
        return position, values, first, second


class CompactScanner(Scanner):
    """Walks messages of the compact protocol."""

    __slots__ = ()

    def _head(self, buffer: bytes | bytearray) -> None:
        if buffer[0] != 0x82 or buffer[1] & 0x1F != 1:
            raise BadMessage("a message does not begin with version 1 of the compact protocol")
        sequence, position = _varint(buffer, 2)
        length, position = _varint(buffer, position)
        if length > _NAME_BYTES_MAX:
            raise BadMessage(f"a method name of {length} bytes")
        end = position + length
        if end > len(buffer):
            raise IndexError(end)
        self.kind, self.sequence = buffer[1] >> 5, sequence & 0xFFFFFFFF
        self._begin(buffer[position:end], end)

    def _walk(self, buffer: bytes | bytearray) -> bool:
        limit, stack = self._limits.message_bytes, self._stack
        position, (left, even, odd) = self.position, self._frame
        start, start_left = position, left
        try:
            while position <= limit:
                start, start_left = position, left
                if left < 0:
                    kind = buffer[position]
                    position += 1
                    if kind == 0:
                        if not stack:
                            self._check_length(position)
                            self.position = position
                            return True
                        left, even, odd = stack.pop()
                        continue
                    if kind < 16:  # the id is not counted from the field before, it follows
                        position = _after_varint(buffer, position)
                    kind &= 15
                    if kind in (1, 2):  # a boolean's value is in its type
                        continue
                elif left == 0:
                    left, even, odd = stack.pop()
                    continue
                else:
                    kind = odd if left & 1 else even
                    left -= 1
                if kind == _C_BINARY:
                    length, position = _varint(buffer, position)
                    position += length
                elif kind in (4, 5, 6):
                    position = _after_varint(buffer, position)
                elif kind == _C_STRUCT:
                    self._enter(0, 0, position)
                    stack.append((left, even, odd))
                    left = -1
                elif kind in (_C_LIST, _C_SET, _C_MAP):
                    position, values, first, second = self._container(kind, buffer, position)
                    if values:
                        stack.append((left, even, odd))
                        left, even, odd = values, first, second
                elif 0 < kind <= 13:
                    position += _C_FIXED_BYTES[kind]
                else:
                    raise BadMessage(f"a value of type {kind}")
        except IndexError:
            return self._stop(start, (start_left, even, odd))
        return self._stop(position, (left, even, odd))

    def _container(self, kind: int, buffer: bytes | bytearray, position: int) -> tuple[int, int, int, int]:
        if kind == _C_MAP:
            count, position = _varint(buffer, position)
            if count == 0:
                return position, 0, 0, 0
            first, second, values = buffer[position] >> 4, buffer[position] & 15, 2 * count
            position += 1
        else:
            first = second = buffer[position] & 15
            count = buffer[position] >> 4
            position += 1
            if count == 15:
                count, position = _varint(buffer, position)
            if count == 0:
                return position, 0, 0, 0
            values = count
        if not 0 < first <= 13 or not 0 < second <= 13:
            raise BadMessage(f"a container of type {first} or {second}")
        least = _C_LEAST_BYTES[second] + (_C_LEAST_BYTES[first] if kind == _C_MAP else 0)
        nested = kind == _C_MAP or _C_BINARY < second < 13
        self._enter(count, least, position, _NESTED_WEIGHT if nested else 1)
        if _C_FIXED_BYTES[first] and _C_FIXED_BYTES[second]:
            return position + count * least, 0, 0, 0
        return position, values, first, second


def _varint(buffer: bytes | bytearray, position: int) -> tuple[int, int]:
    """An unsigned number of at most 32 bits, and where it ends. Raises IndexError where the buffer ends in it."""
    number = shift = 0
    while True:
        byte = buffer[position]
        position += 1
        number |= (byte & 0x7F) << shift
        if byte < 0x80:
            break
        shift += 7
        if shift > 28:
            raise BadMessage("a length of more than 32 bits")
    if number > 0xFFFFFFFF:
        raise BadMessage("a length of more than 32 bits")
    return number, position


def _after_varint(buffer: bytes | bytearray, position: int) -> int:
    end = position + 10
    while buffer[position] >= 0x80:
        position += 1
        if position == end:
            raise BadMessage("a number of more than 64 bits")
    return position + 1
