import { expect, test } from "vitest";
import { splitTop, typeFamily, typeLines } from "./types";

test("separators inside brackets and backquotes do not split", () => {
  expect(splitTop("a:int,b:decimal(10,2),`c,d`:map<int,int>", ",")).toEqual([
    "a:int",
    "b:decimal(10,2)",
    "`c,d`:map<int,int>",
  ]);
});

test("a comma in a quoted name does not split either", () => {
  expect(splitTop('"a,b" integer, c row(d bigint, e date)', ",")).toEqual(['"a,b" integer', "c row(d bigint, e date)"]);
});

test("a nested type becomes indented lines", () => {
  expect(
    typeLines("array<struct<id:bigint,`odd:name`:map<string,int>>>").map((line) => [line.depth, line.name, line.text]),
  ).toEqual([
    [0, null, "array"],
    [1, "element", "struct"],
    [2, "id", "bigint"],
    [2, "odd:name", "map<string, int>"],
  ]);
});

test("types fall into families in either spelling", () => {
  expect(["decimal(10,2)", "varchar", "timestamp(3) with time zone", "row(a integer)", "void"].map(typeFamily)).toEqual(
    ["number", "text", "time", "nested", "other"],
  );
});
