import { expect, test } from "vitest";
import type { CareRun, Operation } from "../api/types";
import {
  OPTIONS,
  RETENTION,
  actionOf,
  adviceOf,
  ageOf,
  ageText,
  ageWords,
  changesOf,
  draftOf,
  everyWords,
  optionWords,
  optionsOf,
  outcomeOf,
  policyFields,
  problemOf,
  sizeOf,
} from "./care";

const run = (operation: Operation, summary: CareRun["summary"], dry_run = false): CareRun => ({
  id: "1",
  operation,
  catalog: "hive",
  database: "shop",
  table: "orders",
  options: {},
  dry_run,
  state: "SUCCEEDED",
  created_at: 1,
  started_at: 1,
  finished_at: 2,
  by: null,
  error: null,
  progress: {},
  summary,
});

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

test("options are read by their kind, and what makes no sense is told", () => {
  const draft = { older_than_ms: "7d", retain_last: "5", ignore_unreadable: "true", target_bytes: "1M" };
  expect(optionsOf("expire-snapshots", draft)).toEqual({
    older_than_ms: 604_800_000,
    retain_last: 5,
    ignore_unreadable: true,
  });
  const [older, newest] = OPTIONS["expire-snapshots"];
  expect([problemOf(older!, "7"), problemOf(older!, ""), problemOf(newest!, "0"), problemOf(newest!, "1")]).toEqual([
    "A number and s, m, h, d or w, such as 7d.",
    null,
    "At least 1.",
    null,
  ]);
});

test("properties are typed as people write them, and only what differs is changed", () => {
  const held = { "history.expire.max-snapshot-age-ms": "432000000", "history.expire.min-snapshots-to-keep": "3" };
  const draft = draftOf(RETENTION, held);
  expect(draft).toEqual({ "max-snapshot-age-ms": "5d", "min-snapshots-to-keep": "3", "max-ref-age-ms": "" });
  expect(changesOf(RETENTION, draft, held)).toEqual({});
  const typed = { ...draft, "max-snapshot-age-ms": "7d", "min-snapshots-to-keep": " " };
  expect(changesOf(RETENTION, typed, held)).toEqual({
    "history.expire.max-snapshot-age-ms": "604800000",
    "history.expire.min-snapshots-to-keep": null,
  });
  const policy = policyFields("remove-orphans");
  expect(policy.map((field) => field.key)).toEqual([
    "care.remove-orphans.every",
    "care.remove-orphans.older-than",
    "care.remove-orphans.ignore-unreadable",
  ]);
  expect(changesOf(policy, { every: "1d", ignore_unreadable: "true" }, {})).toEqual({
    "care.remove-orphans.every": "1d",
    "care.remove-orphans.ignore-unreadable": "true",
  });
  expect(problemOf(policy[0]!, "5m")).toBe("At least 1 hour.");
});

test("options are said in phrases", () => {
  expect(optionWords({ older_than_ms: 604_800_000, retain_last: 5, force: true })).toEqual([
    "older than 7 days",
    "the newest 5 of each branch stay",
    "even younger than an hour",
  ]);
});

test("what was done is told, and what would be", () => {
  const expired = { snapshots: 3, refs: 1, spared: 2, files: 12, bytes: 2048 };
  expect(outcomeOf(run("expire-snapshots", expired))).toBe(
    "3 snapshots and 1 branch or tag expired; 12 files (2 KiB) were deleted.",
  );
  expect(outcomeOf(run("expire-snapshots", { snapshots: 1, refs: 0, files: 0, bytes: 0 }, true))).toBe(
    "1 snapshot would expire; no file goes with that.",
  );
  expect(outcomeOf(run("remove-orphans", { files: 1, bytes: 10 }))).toBe("1 file (10 B) was deleted.");
  expect(outcomeOf(run("rewrite", { files: 6, bytes: 6144, rows: 60, new_files: 1 }, true))).toBe(
    "6 small files (6 KiB) would become 1 new file.",
  );
  expect(outcomeOf(run("remove-orphans", { files: 0, bytes: 0, seen: 20 }))).toBe("There are no orphans of that age.");
  expect(actionOf(run("expire-snapshots", expired, true))).toBe("Expire 3 snapshots");
});

test("a failure comes with what to do about it", () => {
  expect(adviceOf("gc.enabled: is false: files of table a.b.c may belong to others")).toContain("Policies");
  expect(adviceOf("nothing was deleted: the files of table a.b.c cannot be told: x")).toContain("spared");
  expect(adviceOf("something new")).toContain("Preview it again");
});
