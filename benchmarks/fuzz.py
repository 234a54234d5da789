"""Changed calls, in changed pieces, thrown at scanner, codec and dispatch; counts cases, crashes and memory.

    .venv/bin/python -m benchmarks.fuzz --cases 10000000 --save

A case is a call of some method with bytes changed, put in or left out, in the binary or compact protocol, framed or
not, given to the reader whole or in pieces; what is a message is then carried out as the server does it, by handlers
that touch every argument. Anything but an answer, a wait for more or a refusal is a crash, and so is a case that takes
longer than a second of processor time.
"""

from __future__ import annotations

import argparse
import logging
import random
import resource
import time
from collections import Counter
from typing import Any

from benchmarks.result import save
from catalog_server.facades.hms.call import CloseConnection, Context
from catalog_server.facades.hms.dispatch import Route, perform, unknown_method
from catalog_server.facades.hms.transport.scanner import BadMessage, Framing, Limits, Reader, detect
from catalog_server.wire import hive_metastore as wire
from tests.facades.hms.test_fuzz import calls, changed

SECONDS_MAX = 1.0
LIMITS = Limits()
_SAVE_EVERY_SECONDS = 120.0


def routes() -> dict[str, Route]:
    """Every method, served by a handler that looks at all that it is given."""

    def handler(context: Context, arguments: Any) -> Any:  # noqa: ARG001
        raise wire.MetaException(str(len(repr(arguments))))

    return {name: Route(wire.method(name), handler) for name in wire.BINDINGS.method_names()}


def case(data: bytearray, served: dict[str, Route], chance: random.Random) -> str:
    """Carry one case out; what came of it."""
    reader: Reader | None = None
    buffer, rest, framing = bytearray(), data, None
    try:
        while rest:
            count = len(rest) if chance.random() < 0.7 else chance.randint(1, len(rest))
            buffer += rest[:count]
            del rest[:count]
            if reader is None:
                framing = detect(buffer, LIMITS)
                if not isinstance(framing, Framing):
                    continue
                reader = Reader(framing, LIMITS)
            message = reader.next(buffer)
            if message is not None and isinstance(framing, Framing):
                route = served.get(message.name)
                if route is None:
                    unknown_method(message, framing.compact)
                    return "unknown method"
                perform(route, Context("", 0, framing.compact), message)
                return "answered"
    except BadMessage:
        return "refused"
    except CloseConnection:
        return "closed"
    return "waited for more"


def framed(call: bytes, chance: random.Random) -> bytes:
    """The call, in every fourth case in a frame."""
    return len(call).to_bytes(4, "big") + call if chance.random() < 0.25 else call


def run(count: int, seconds_max: float, seed: int, keep: bool) -> dict[str, Any]:
    """Run so many cases, or for so long; keeps what is known every two minutes, since such a run may be ended."""
    logging.disable()
    chance, served, corpus = random.Random(seed), routes(), calls()
    found: Counter[str] = Counter()
    crashes: list[str] = []
    slowest, done = 0.0, 0
    for _ in range(20_000):  # before memory is looked at
        case(changed(framed(chance.choice(corpus), chance), chance), served, chance)
    before, began = _peak_megabytes(), time.perf_counter()
    saved = began

    def figures() -> dict[str, Any]:
        return {
            "cases": done,
            "seconds": round(time.perf_counter() - began),
            "crashes": len(crashes),
            "first_crashes": crashes[:10],
            "slowest_case_processor_seconds": round(slowest, 4),
            "peak_memory_megabytes_after_20000_cases": before,
            "peak_memory_megabytes": _peak_megabytes(),
            "outcomes": dict(sorted(found.items())),
            "seed": seed,
        }

    while done < count and time.perf_counter() - began < seconds_max:
        data = changed(framed(chance.choice(corpus), chance), chance)
        sample, start = bytes(data), time.process_time()
        try:
            found[case(data, served, chance)] += 1
        except Exception as error:
            crashes.append(f"{type(error).__name__}: {error}: {sample.hex()[:4000]}")
        took = time.process_time() - start
        slowest, done = max(slowest, took), done + 1
        if took > SECONDS_MAX:
            crashes.append(f"{took:.1f} s: {sample.hex()[:4000]}")
        if keep and time.perf_counter() - saved > _SAVE_EVERY_SECONDS:
            saved = time.perf_counter()
            save("fuzz", figures())
    return figures()


def _peak_megabytes() -> float:
    return round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 / 1e6, 1)


def main() -> None:
    """Run, print, and keep the figures if asked."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--cases", type=int, default=10_000_000)
    parser.add_argument("--seconds", type=float, default=float("inf"))
    parser.add_argument("--seed", type=int, default=time.time_ns() % 2**32)
    parser.add_argument("--save", action="store_true")
    arguments = parser.parse_args()
    figures = run(arguments.cases, arguments.seconds, arguments.seed, arguments.save)
    for name, value in figures.items():
        print(f"{name:45}{value}")
    if arguments.save:
        print(save("fuzz", figures))
    raise SystemExit(1 if figures["crashes"] else 0)


if __name__ == "__main__":
    main()
