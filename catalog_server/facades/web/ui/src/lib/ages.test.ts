import { expect, test } from "vitest";
import { ageOf, ageText, ageWords, everyWords, sizeOf } from "./ages";

test("ages are read as the server reads them and written the shortest way", () => {
  expect(["90m", "12h", "7d", "2w", "0s"].map(ageOf)).toEqual([5_400_000, 43_200_000, 604_800_000, 1_209_600_000, 0]);
  expect(["", "7", "7 d", "-1d", "d"].map(ageOf)).toEqual([null, null, null, null, null]);
  expect([604_800_000, 43_200_000, 5_400_000, 0, 1].map(ageText)).toEqual(["7d", "12h", "90m", "0s", "1ms"]);
  expect([604_800_000, 3_600_000].map(ageWords)).toEqual(["7 days", "1 hour"]);
  expect([86_400_000, 43_200_000].map(everyWords)).toEqual(["every day", "every 12 hours"]);
});

test("sizes are read with and without their B", () => {
  expect(["128M", "1GB", "64kib", "512", "big", "1.5G"].map(sizeOf)).toEqual([
    134_217_728,
    1_073_741_824,
    65_536,
    512,
    null,
    null,
  ]);
});
