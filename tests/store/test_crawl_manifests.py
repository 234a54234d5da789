"""What crawls keep for the next one: parts that count once a head names them, and one crawl wins."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from catalog_server.catalog.catalog import CatalogService
from catalog_server.crawlers.manifest import Folder, Head, Manifest, PartRef, Writer, merged
from catalog_server.crawlers.spool import FolderPart, Listed, packed
from catalog_server.store.crawl_manifests import numbers as tx_numbers

TARGET = "s3://bucket/raw"


def listed(*names: str, etag: str = "e") -> Listed:
    return Listed(list(names), [1] * len(names), [etag] * len(names), [0] * len(names))


def folder(path: str, *names: str) -> Folder:
    return Folder(path, 0, path.encode(), listed(*names), ["=csv"] * len(names))


def keep(manifest: Manifest, *folders: Folder) -> bool:
    writer = Writer(manifest)
    for one in folders:
        writer.add(one, same=manifest.head is not None and one.path != "new")
    return manifest.replace(Head("code", "options", b"digest", writer.finish(), []))


def test_what_is_kept_is_there_for_every_server(catalog: CatalogService) -> None:
    kept = [folder("a", "x", "y\n"), folder("b/c=é", "z")]
    assert keep(Manifest(catalog.store, 1, TARGET), *kept)
    again = Manifest(catalog.store, 1, TARGET)
    assert list(again.folders()) == kept
    assert again.head is not None
    assert again.head.digest == b"digest"
    assert Manifest(catalog.store, 2, TARGET).head is None
    assert Manifest(catalog.store, 1, f"{TARGET}2").head is None


def test_parts_in_which_nothing_is_different_stay(catalog: CatalogService) -> None:
    first = Manifest(catalog.store, 1, TARGET)
    numbers = [first.write([folder(path, "x")]) for path in ("a", "n", "x")]
    refs = [PartRef(number, path, 0, 1) for number, path in zip(numbers, ("a", "n", "x"), strict=True)]
    assert first.replace(Head("code", "options", b"", refs, []))
    assert keep(first, folder("a", "x"), folder("n", "x"), folder("new", "y"), folder("x", "x"))
    assert first.head is not None
    after = [ref.number for ref in first.head.parts]
    assert (after[0], after[2], after[1] == numbers[1]) == (numbers[0], numbers[2], False)
    assert [one.path for one in first.folders()] == ["a", "n", "new", "x"]


def test_of_two_crawls_one_wins_and_nothing_is_left_of_the_other(catalog: CatalogService) -> None:
    one, other = Manifest(catalog.store, 1, TARGET), Manifest(catalog.store, 1, TARGET)
    assert keep(one, folder("a", "x"))
    assert not keep(other, folder("b", "x"))
    assert [found.path for found in Manifest(catalog.store, 1, TARGET).folders()] == ["a"]
    one, other = Manifest(catalog.store, 1, TARGET), Manifest(catalog.store, 1, TARGET)
    assert keep(one, folder("new", "y"))
    assert not keep(other, folder("new", "z"))
    assert [found.listed.names for found in Manifest(catalog.store, 1, TARGET).folders()] == [["y"]]


def numbers(catalog: CatalogService) -> list[int]:
    with catalog.store.read() as tx:
        return tx_numbers(tx, Manifest(catalog.store, 1, TARGET)._key)


def test_parts_without_a_head_are_swept_unless_another_crawl_may_have_written_them(catalog: CatalogService) -> None:
    assert keep(Manifest(catalog.store, 1, TARGET), folder("a", "x"))
    named = numbers(catalog)
    Manifest(catalog.store, 1, TARGET).write([folder("lost", "x")])
    Manifest(catalog.store, 1, TARGET).sweep(lambda tx: False)
    assert len(numbers(catalog)) == 2
    Manifest(catalog.store, 1, TARGET).sweep(lambda tx: True)
    assert numbers(catalog) == named


def test_what_is_discarded_was_never_written_and_a_head_stays(catalog: CatalogService) -> None:
    manifest = Manifest(catalog.store, 1, TARGET)
    manifest.write([folder("a", "x")])
    manifest.discard()
    assert numbers(catalog) == []
    assert keep(manifest, folder("a", "x"))
    manifest.discard()
    assert len(numbers(catalog)) == 1


def test_a_crawl_that_begins_once_a_head_was_replaced_keeps_its_parts(
    catalog: CatalogService, monkeypatch: pytest.MonkeyPatch
) -> None:
    one = Manifest(catalog.store, 1, TARGET)
    assert keep(one, folder("a", "x"))
    delete = Manifest._delete
    later: list[Manifest] = []

    def delayed(self: Manifest, gone: Sequence[int]) -> None:
        if self is one:
            later.append(Manifest(catalog.store, 1, TARGET))
            later[0].write([folder("b", "x")])
        delete(self, gone)

    with monkeypatch.context() as patch:
        patch.setattr(Manifest, "_delete", delayed)
        assert keep(one, folder("new", "y"))
    assert len(later[0]._written) == 1
    assert set(later[0]._written) < set(numbers(catalog))


def part(path: str, number: int, files: Listed) -> FolderPart:
    return FolderPart(path, number, f"{path}{number}{files.etags}{files.names}".encode(), packed(files))


def test_files_keep_their_verdicts_when_the_parts_of_their_folder_shift() -> None:
    held = [
        Folder("a", 0, b"1", listed("b", "d"), ["=csv", "!bad"]),
        Folder("a", 1, b"2", listed("f", "h"), ["=json", ""]),
        Folder("b", 0, b"3", listed("x"), ["=csv"]),
    ]
    now = [part("a", 0, listed("a", "b", "d")), part("a", 1, listed("f", "g")), part("c", 0, listed("x"))]
    found = list(merged(now, held))
    assert [(one.path, one.listed.names, one.verdicts, same) for one, same in found] == [
        ("a", ["a", "b", "d"], ["", "=csv", "!bad"], False),
        ("a", ["f", "g"], ["=json", ""], False),
        ("c", ["x"], None, False),
    ]


def test_a_file_with_another_etag_has_no_verdict() -> None:
    held = [Folder("a", 0, b"1", listed("x", "y"), ["=csv", "=csv"])]
    changed = Listed(["x", "y"], [1, 1], ["e", "other"], [0, 0])
    ((one, same),) = merged([part("a", 0, changed)], held)
    assert (one.verdicts, same) == (["=csv", ""], False)
