import { expect, test } from "vitest";
import { pairsOf, pairsText } from "./lines";

test("pairs survive being written and read, with = in the value", () => {
  const pairs = { url: "a=b", empty: "" };
  expect(pairsOf(pairsText(pairs))).toEqual(pairs);
});

test("a line without a key is named", () => {
  expect(() => pairsOf("good = 1\n\nbad line")).toThrow("“bad line”");
});
