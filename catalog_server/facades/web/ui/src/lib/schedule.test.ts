import { expect, test } from "vitest";
import { chosenOf, cronOf, onClocks, unscheduled } from "./schedule";

test("what was chosen becomes a cron text and back", () => {
  for (const cron of [
    "30 * * * *",
    "15 3 * * *",
    "15 3 * * mon",
    "0 6 1 * *",
    "0 6 L * *",
    "*/5 * * * *",
    "0 6 31 * *",
  ]) {
    const chosen = chosenOf({ cron, zone: "UTC", missed: "none", overlap: "queue" });
    expect(cronOf(chosen)).toBe(cron);
    expect(chosen.overlap).toBe("queue");
  }
});

test("a rhythm is recognised where it says the same", () => {
  const rhythm = (cron: string) => chosenOf({ cron, zone: "UTC", missed: "once", overlap: "skip" }).rhythm;
  expect(rhythm("15 3 * * MON")).toBe("every week");
  expect(rhythm("0 6 31 * *")).toBe("cron text");
  expect(rhythm("cron(0 6 ? * 2 *)")).toBe("cron text");
  expect(rhythm("0 6 1 * mon")).toBe("cron text");
});

test("nothing is due of what is not scheduled", () => {
  expect(cronOf(unscheduled())).toBeNull();
});

test("times are those of the zone's clocks", () => {
  expect(onClocks(Date.UTC(2026, 11, 7, 2, 15), "Europe/Berlin")).toBe("Mon, 7 Dec 2026, 03:15 CET");
});
