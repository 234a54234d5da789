import { expect, test } from "vitest";
import { diffColumns, diffParameters } from "./diff";

const column = (name: string, type: string, comment: string | null = null) => ({ name, type, comment });

test("columns are matched by name in any case and reported in the newer order", () => {
  const before = [column("id", "int"), column("Gone", "string"), column("kept", "date")];
  const after = [column("fresh", "double"), column("kept", "date"), column("id", "bigint")];
  expect(diffColumns(before, after).map((change) => [change.kind, change.name])).toEqual([
    ["added", "fresh"],
    ["changed", "id"],
    ["removed", "Gone"],
  ]);
});

test("a comment that appears is a change, a move alone is none", () => {
  expect(
    diffColumns([column("a", "int"), column("b", "int")], [column("b", "int"), column("a", "int", "why")]),
  ).toEqual([{ kind: "changed", name: "a", before: column("a", "int"), after: column("a", "int", "why") }]);
});

test("parameters are compared key by key", () => {
  expect(diffParameters({ a: "1", b: "2", c: "3" }, { b: "2", c: "4", d: "5" })).toEqual([
    { kind: "removed", name: "a", before: "1" },
    { kind: "changed", name: "c", before: "3", after: "4" },
    { kind: "added", name: "d", after: "5" },
  ]);
});
