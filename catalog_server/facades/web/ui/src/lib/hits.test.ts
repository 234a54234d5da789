import { expect, test } from "vitest";
import { pieces } from "./hits";

test("every word of the query is marked, in any case, and special letters are plain", () => {
  expect(pieces("Flight_Delay", "delay flight")).toEqual([
    { text: "Flight", hit: true },
    { text: "_", hit: false },
    { text: "Delay", hit: true },
  ]);
  expect(pieces("a(b", "(b")).toEqual([
    { text: "a", hit: false },
    { text: "(b", hit: true },
  ]);
  expect(pieces("plain", " ")).toEqual([{ text: "plain", hit: false }]);
});
