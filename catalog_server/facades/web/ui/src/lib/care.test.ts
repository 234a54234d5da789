import { expect, test } from "vitest";
import type { CareRun, Operation } from "../api/types";
import { actionOf, adviceOf, optionWords, outcomeOf } from "./care";

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
