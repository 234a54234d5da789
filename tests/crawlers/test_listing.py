"""Listing by several streams: every file once, whatever the store's order and however often the work is shared."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from random import Random

import pytest

from catalog_server.crawlers import listing
from catalog_server.crawlers.listing import Listing, Others, Share
from catalog_server.lake.files import Entry, FileInfo
from catalog_server.lake.local import LocalFileSystem
from catalog_server.model.errors import Cancelled, Denied

ROOT = "s3://bucket"
NAMES = ("a", "a-b", "a!", "b", "a.b", "x=1", "x=2", "é", "a b", "~", "A")
Order = Callable[[str], object]


def by_bytes(key: str) -> bytes:
    """As S3 orders keys."""
    return key.encode()


def by_folders(key: str) -> list[str]:
    """As stores that keep folders do (SeaweedFS)."""
    return key.split("/")


class Store(LocalFileSystem):
    """Keys in memory, in an order of its own, by small pages."""

    def __init__(self, keys: Sequence[str], order: Order, page: int = 5) -> None:
        self.keys = sorted(keys, key=order)  # type: ignore[arg-type]
        self.order = order
        self.page = page
        self.scanned = 0
        self.together = threading.Barrier(1)

    def _prefix(self, folder: str) -> str:
        path = folder.removeprefix(ROOT).strip("/")
        return f"{path}/" if path else ""

    def scan(self, folder: str, after: str = "") -> Iterator[Sequence[Entry]]:
        prefix = self._prefix(folder)
        kept = [key for key in self.keys if key.startswith(prefix)]
        if after:
            kept = [key for key in kept if self.order(key) > self.order(prefix + after)]  # type: ignore[operator]
        for at in range(0, len(kept), self.page):
            self.scanned += len(kept[at : at + self.page])
            yield [(key[len(prefix) :], 1, "e", 0) for key in kept[at : at + self.page]]

    def list_folder(self, location: str) -> tuple[Sequence[str], Sequence[FileInfo]]:
        prefix = self._prefix(location)
        below = [key[len(prefix) :] for key in self.keys if key.startswith(prefix)]
        folders = sorted({f"{location}/{path.split('/')[0]}" for path in below if "/" in path})
        return folders, [FileInfo(f"{location}/{path}", 1, "e", 0) for path in below if "/" not in path]

    def is_directory(self, location: str) -> bool:
        return bool(self.keys)


class Seen:
    """A sink in memory."""

    def __init__(self) -> None:
        self.files: dict[str, list[Entry]] = {}
        self.closed: set[str] = set()
        self.nameless: list[str] = []

    def add(self, folder: str, part: int, files: Sequence[Entry], *, closed: bool) -> None:
        if part == 0:
            self.files[folder] = []
        self.files[folder].extend(files)
        if closed:
            self.closed.add(folder)

    def is_closed(self, folder: str) -> bool:
        return folder in self.closed

    def is_begun(self, folder: str) -> bool:
        return any(not folder or one.startswith(f"{folder}/") for one in self.closed - {folder})

    def note_nameless(self, paths: Sequence[str]) -> None:
        self.nameless.extend(paths)

    @property
    def keys(self) -> list[str]:
        return sorted(f"{folder}/{file[0]}".lstrip("/") for folder, files in self.files.items() for file in files)


class Whimsical:
    """Wants another number of streams each time."""

    def __init__(self) -> None:
        self.chance = Random(1)

    def streams(self, count: int, allowed: int) -> int:
        return self.chance.choice((1, 2, 4, 8))


def keys_of(chance: Random) -> list[str]:
    count = chance.randint(1, 300)
    folders = (chance.choices(NAMES, k=chance.randint(0, 4)) for _ in range(count))
    return sorted({"/".join([*folder, f"f{chance.randint(0, 40)}"]) for folder in folders})


@pytest.fixture
def _whims(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(listing, "_Speed", Whimsical)
    monkeypatch.setattr(listing, "_POLL_SECONDS", 0.001)
    monkeypatch.setattr(listing, "PART_FILES", 7)


@pytest.mark.usefixtures("_whims")
@pytest.mark.parametrize("order", [by_bytes, by_folders])
@pytest.mark.parametrize("seed", range(40))
def test_every_file_is_listed_once_however_the_work_is_shared(seed: int, order: Order) -> None:
    keys, seen = keys_of(Random(seed)), Seen()
    assert Listing(Store(keys, order), ROOT, seen, lambda _: None).run() >= len(keys)
    assert seen.keys == keys


@pytest.mark.usefixtures("_whims")
@pytest.mark.parametrize("order", [by_bytes, by_folders])
@pytest.mark.parametrize("seed", range(20))
def test_a_listing_goes_on_with_the_folders_that_are_left(seed: int, order: Order) -> None:
    chance, seen = Random(seed), Seen()
    keys = keys_of(chance)
    Listing(Store(keys, order), ROOT, seen, lambda _: None).run()
    lost = {folder for folder in seen.closed if chance.random() < 0.5}
    seen.closed -= {
        folder for folder in seen.closed for gone in lost if not folder or f"{gone}/".startswith(f"{folder}/")
    }
    for folder in set(seen.files) - seen.closed:
        del seen.files[folder]
    Listing(Store(keys, order), ROOT, seen, lambda _: None).run()
    assert seen.keys == keys


@pytest.mark.usefixtures("_whims")
@pytest.mark.parametrize("order", [by_bytes, by_folders])
@pytest.mark.parametrize("seed", range(40))
def test_what_is_handed_on_to_others_is_all_that_is_left(seed: int, order: Order) -> None:
    keys, seen, chance = keys_of(Random(seed)), Seen(), Random(seed)
    left = [Share("")]
    while left:
        count = chance.randint(1, 3)
        shares, left = left[:count], left[count:]
        others = Others(left.append, seconds=chance.choice((0, 60)), files=chance.randint(0, 50))
        task = Seen()  # which knows nothing of the others
        Listing(Store(keys, order), ROOT, task, lambda _: None, shares, others).run()
        seen.files |= task.files
    assert seen.keys == keys


def test_keys_that_no_location_can_have_are_left_out_and_told() -> None:
    seen = Seen()
    Listing(Store(["a//b", "a/../c", "./d", "/e", "a/f", "a/.g"], by_bytes), ROOT, seen, lambda _: None).run()
    assert (seen.keys, sorted(seen.nameless)) == (["a/.g", "a/f"], ["./d", "/e", "a/../c", "a//b"])


def test_what_was_closed_is_not_listed_again() -> None:
    keys = [f"t/n={n:03}/{file}" for n in range(100) for file in range(20)]
    seen, store = Seen(), Store(keys, by_bytes, page=100)
    seen.closed = {f"t/n={n:03}" for n in range(90)}
    Listing(store, ROOT, seen, lambda _: None).run()
    assert len(seen.keys) == 10 * 20
    assert store.scanned <= 10 * 20 + 100


def test_an_error_of_the_store_ends_the_listing() -> None:
    class Closed(Store):
        def scan(self, folder: str, after: str = "") -> Iterator[Sequence[Entry]]:
            yield from super().scan(folder, after)
            raise Denied("list", folder)

    with pytest.raises(Denied, match="s3://bucket"):
        Listing(Closed(["a/1"], by_bytes), ROOT, Seen(), lambda _: None).run()


def test_a_listing_ends_at_once_when_nobody_wants_it_any_more() -> None:
    """Also while the store does not answer."""
    hanging = threading.Event()

    class Slow(Store):
        def scan(self, folder: str, after: str = "") -> Iterator[Sequence[Entry]]:
            hanging.wait()
            yield from super().scan(folder, after)

    def step(_: int) -> None:
        raise Cancelled("enough")

    try:
        with pytest.raises(Cancelled):
            Listing(Slow(["a/1"], by_bytes), ROOT, Seen(), step).run()
    finally:
        hanging.set()


def test_more_streams_are_begun_while_that_is_faster(monkeypatch: pytest.MonkeyPatch) -> None:
    """The store answers pages of two streams only together, so that a listing by one alone would never end."""
    monkeypatch.setattr(listing, "WINDOW_SECONDS", 0.001)
    monkeypatch.setattr(listing, "_POLL_SECONDS", 0.001)
    most, running, lock = 0, 0, threading.Lock()

    class Waiting(Store):
        def scan(self, folder: str, after: str = "") -> Iterator[Sequence[Entry]]:
            nonlocal most, running
            with lock:
                running += 1
                most = max(most, running)
            for page in super().scan(folder, after):
                if most < 2:
                    threading.Event().wait(0.01)
                yield page
            with lock:
                running -= 1

    keys = [f"t/n={n:04}/{file}" for n in range(2000) for file in range(3)]
    seen = Seen()
    Listing(Waiting(keys, by_bytes), ROOT, seen, lambda _: None).run()
    assert (seen.keys, most >= 2) == (sorted(keys), True)
