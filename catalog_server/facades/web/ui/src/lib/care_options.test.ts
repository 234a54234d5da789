import { expect, test } from "vitest";
import { OPTIONS, RETENTION, changesOf, draftOf, optionsOf, policyFields, problemOf } from "./care_options";

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
