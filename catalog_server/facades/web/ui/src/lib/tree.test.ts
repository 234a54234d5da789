import { expect, test } from "vitest";
import { type Children, flatten, makeNode, namedLike, step, treeOfHits } from "./tree";

const hive = makeNode("catalog", ["hive"]);
const sales = makeNode("database", ["hive", "sales"]);
const orders = makeNode("table", ["hive", "sales", "orders"], "parquet");
const loaded = (nodes: Children["nodes"], next: string | null = null): Children => ({ nodes, next, state: "loaded" });
const children = new Map([
  [hive.id, loaded([sales])],
  [sales.id, loaded([orders], "token")],
]);
const labels = (open: string[]) =>
  flatten([hive], children, new Set(open)).map((line) => `${line.depth}${line.node.label}`);

test("only open branches show, and an unfinished list ends in a line that loads more", () => {
  expect(labels([])).toEqual(["0hive"]);
  expect(labels([hive.id])).toEqual(["0hive", "1sales"]);
  expect(labels([hive.id, sales.id])).toEqual(["0hive", "1sales", "2orders", "2more…"]);
});

test("a branch without answer says that it loads, an empty one that it is empty", () => {
  const other = makeNode("database", ["hive", "new"]);
  const map = new Map([[hive.id, loaded([other])]]);
  expect(flatten([hive], map, new Set([hive.id, other.id])).at(-1)?.node.label).toBe("loading…");
  map.set(other.id, loaded([]));
  expect(flatten([hive], map, new Set([hive.id, other.id])).at(-1)?.node.label).toBe("no tables");
});

test("arrow keys walk, open and close as in any tree", () => {
  const lines = flatten([hive], children, new Set([hive.id]));
  expect(step(lines, null, "ArrowDown")).toEqual({ focus: hive.id });
  expect(step(lines, hive.id, "ArrowDown")).toEqual({ focus: sales.id });
  expect(step(lines, sales.id, "ArrowRight")).toEqual({ open: sales.id });
  expect(step(lines, sales.id, "ArrowLeft")).toEqual({ focus: hive.id });
  expect(step(lines, hive.id, "ArrowLeft")).toEqual({ close: hive.id });
  expect(step(lines, sales.id, "ArrowDown")).toEqual({ focus: sales.id });
});

test("search hits become a tree in which a table stands once", () => {
  const hit = { kind: "table", catalog: "hive", database: "sales", name: "orders", format: "csv" };
  const {
    roots,
    children: found,
    open,
  } = treeOfHits([hit, { ...hit, kind: "column" }, { ...hit, kind: "connection", name: "pg" }]);
  expect(flatten(roots, found, open).map((line) => `${line.depth}${line.node.label}`)).toEqual([
    "0hive",
    "1sales",
    "2orders",
    "0Connections",
    "1pg",
  ]);
});

test("of what is loaded, names are found by any part of them", () => {
  expect(namedLike("RDER", children)).toEqual([
    { kind: "table", catalog: "hive", database: "sales", name: "orders", format: "parquet" },
  ]);
});
