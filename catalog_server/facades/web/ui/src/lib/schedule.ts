// Schedules as people choose them, and cron texts as they are kept.
export const RHYTHMS = ["by hand only", "every hour", "every day", "every week", "every month", "cron text"] as const;
export type Rhythm = (typeof RHYTHMS)[number];
export const WEEKDAYS = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"] as const;

/** What the editor of a schedule holds. */
export interface Chosen {
  rhythm: Rhythm;
  /** `HH:MM`; of every hour the minutes count. */
  time: string;
  weekday: string;
  day: string;
  cron: string;
  zone: string;
  missed: "once" | "none";
  overlap: "skip" | "queue";
}

export const localZone = (): string => Intl.DateTimeFormat().resolvedOptions().timeZone || "UTC";

export const unscheduled = (): Chosen => ({
  rhythm: "by hand only",
  time: "03:00",
  weekday: "Monday",
  day: "1",
  cron: "0 3 * * *",
  zone: localZone(),
  missed: "once",
  overlap: "skip",
});

/** The cron text of what was chosen; nothing where nothing is due. */
export function cronOf(chosen: Chosen): string | null {
  const [hour = 0, minute = 0] = chosen.time.split(":").map(Number);
  switch (chosen.rhythm) {
    case "by hand only":
      return null;
    case "every hour":
      return `${minute} * * * *`;
    case "every day":
      return `${minute} ${hour} * * *`;
    case "every week":
      return `${minute} ${hour} * * ${chosen.weekday.slice(0, 3).toLowerCase()}`;
    case "every month":
      return `${minute} ${hour} ${chosen.day === "last" ? "L" : chosen.day} * *`;
    case "cron text":
      return chosen.cron.trim();
  }
}

/** A schedule as the editor shows it: by the simplest rhythm that says the same. */
export function chosenOf(kept: Pick<Chosen, "cron" | "zone" | "missed" | "overlap">): Chosen {
  const chosen = { ...unscheduled(), ...kept, rhythm: "cron text" as Rhythm };
  const match = /^(\d{1,2}) (\*|\d{1,2}) (\*|L|\d{1,2}) \* (\*|[a-z]{3})$/i.exec(kept.cron.trim());
  if (match === null) return chosen;
  const [, minute = "0", hour = "*", day = "*", weekday = "*"] = match;
  const time = `${(hour === "*" ? "0" : hour).padStart(2, "0")}:${minute.padStart(2, "0")}`;
  const named = WEEKDAYS.find((each) => each.slice(0, 3).toLowerCase() === weekday.toLowerCase());
  if (hour === "*") return day === "*" && weekday === "*" ? { ...chosen, time, rhythm: "every hour" } : chosen;
  if (day === "*" && weekday === "*") return { ...chosen, time, rhythm: "every day" };
  if (day === "*" && named !== undefined) return { ...chosen, time, weekday: named, rhythm: "every week" };
  if (weekday === "*" && (day === "L" || Number(day) <= 28))
    return { ...chosen, time, day: day === "L" ? "last" : day, rhythm: "every month" };
  return chosen;
}

/** A time on the clocks of a zone: `Mon, 7 Dec 2026, 03:15 CET`. */
export function onClocks(at: number, zone: string): string {
  return new Intl.DateTimeFormat("en-GB", {
    weekday: "short",
    day: "numeric",
    month: "short",
    year: "numeric",
    hour: "2-digit",
    minute: "2-digit",
    timeZone: zone,
    timeZoneName: "short",
  }).format(at);
}

export const zones = (): readonly string[] => [
  "UTC",
  ...Intl.supportedValuesOf("timeZone").filter((each) => each !== "UTC"),
];
