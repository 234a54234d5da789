import { expect, test } from "vitest";
import { bytes, cell, count, duration, epoch, relativeTime } from "./format";

test("counts stay exact while they are short and are humanised after", () => {
  expect([0, 999, 9999, 12345, 336776, 1_000_000, 2.5e9].map(count)).toEqual([
    "0",
    "999",
    "9,999",
    "12.3k",
    "337k",
    "1M",
    "2.5B",
  ]);
});

test("sizes use binary units", () => {
  expect([0, 1023, 1024, 1536, 10 * 1024 ** 2, 1.25 * 1024 ** 3].map(bytes)).toEqual([
    "0 B",
    "1023 B",
    "1 KiB",
    "1.5 KiB",
    "10 MiB",
    "1.25 GiB",
  ]);
});

test("durations name their unit", () => {
  expect([12, 1234, 45_600, 61_000, 3_660_000].map(duration)).toEqual([
    "12 ms",
    "1.23 s",
    "45.6 s",
    "1 min 01 s",
    "1 h 01 min",
  ]);
});

test("times are relative until two weeks have gone by", () => {
  const now = Date.parse("2026-11-22T10:00:00Z");
  expect(relativeTime(now - 3000, now)).toBe("just now");
  expect(relativeTime(now - 90_000, now)).toBe("1 min ago");
  expect(relativeTime(now + 7_200_000, now)).toBe("in 2 h");
  expect(relativeTime(now - 30 * 86_400_000, now)).toBe("2026-10-23");
});

test("seconds, milliseconds and ISO text are the same moment", () => {
  expect(epoch(1_700_000_000)).toBe(epoch(1_700_000_000_000));
  expect(epoch("2023-11-14T22:13:20Z")).toBe(1_700_000_000_000);
  expect(epoch(0)).toBeNull();
});

test("a cell tells null from the empty text", () => {
  expect([null, "", 0, false, [1, { a: 2 }]].map(cell)).toEqual([null, "", "0", "false", '[1,{"a":2}]']);
});
