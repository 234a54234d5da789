import { expect, test } from "vitest";
import { valueLines, valueText } from "./values";

test("fields of rows get their names back, at any depth", () => {
  const type = 'array(row(id bigint, "odd name" varchar, hours map(varchar, row(low integer, high decimal(10, 2)))))';
  expect(valueText([[0, "Kim", { "2013": [1, "2.50"] }], null], type)).toBe(
    '[{id: 0, odd name: "Kim", hours: {2013: {low: 1, high: "2.50"}}}, null]',
  );
});

test("plain values stay as they are and null stays null", () => {
  expect(valueText("a, b", "varchar(10)")).toBe("a, b");
  expect(valueText("1400.00", "decimal(10,2)")).toBe("1400.00");
  expect(valueText(null, "array(integer)")).toBeNull();
});

test("doubles are told from integers", () => {
  expect([valueText(19, "double"), valueText(19.5, "real"), valueText(19, "bigint")]).toEqual(["19.0", "19.5", "19"]);
});

test("a value is laid out over lines", () => {
  expect(valueLines([1, [2]], "row(a integer, b array(integer))")).toBe('{\n  "a": 1,\n  "b": [\n    2\n  ]\n}');
  expect(valueLines("a\nb", "varchar")).toBe("a\nb");
});

test("rows without names are counted", () => {
  expect(valueText([1, "x"], "row(integer, varchar)")).toBe('{field0: 1, field1: "x"}');
});

test("rows that come as objects keep their own names", () => {
  expect(valueText({ a: 1, b: [2] }, "row(a integer, b array(integer))")).toBe("{a: 1, b: [2]}");
});
