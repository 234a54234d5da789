import { expect, test } from "vitest";
import { walk } from "./cells";

test("keys walk inside the grid and no further", () => {
  expect(walk(null, "ArrowDown", false, 3, 2)).toEqual({ row: 0, column: 0 });
  expect(walk({ row: 2, column: 1 }, "ArrowDown", false, 3, 2)).toEqual({ row: 2, column: 1 });
  expect(walk({ row: 2, column: 1 }, "ArrowLeft", false, 3, 2)).toEqual({ row: 2, column: 0 });
  expect(walk({ row: 1, column: 1 }, "Home", false, 3, 2)).toEqual({ row: 1, column: 0 });
  expect(walk({ row: 1, column: 0 }, "End", true, 3, 2)).toEqual({ row: 2, column: 1 });
});

test("other keys and empty grids lead nowhere", () => {
  expect(walk({ row: 0, column: 0 }, "a", false, 3, 2)).toBeNull();
  expect(walk(null, "ArrowDown", false, 0, 2)).toBeNull();
});
