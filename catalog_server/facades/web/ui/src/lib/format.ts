// Numbers, sizes and times as people read them; the exact value goes into a title beside it.
const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** A time of the API as epoch milliseconds; it may be seconds, milliseconds or ISO text. 0 and nothing are null. */
export function epoch(value: number | string | null | undefined): number | null {
  if (value === null || value === undefined || value === 0 || value === "") return null;
  if (typeof value === "string") {
    const parsed = Date.parse(value);
    return Number.isNaN(parsed) ? null : parsed;
  }
  return value < 1e11 ? value * SECOND : value;
}

export function relativeTime(at: number, now: number): string {
  const past = now - at;
  const size = Math.abs(past);
  const say = (amount: string) => (past >= 0 ? `${amount} ago` : `in ${amount}`);
  if (size < 5 * SECOND) return past >= 0 ? "just now" : "in a moment";
  if (size < MINUTE) return say(`${Math.floor(size / SECOND)} s`);
  if (size < HOUR) return say(`${Math.floor(size / MINUTE)} min`);
  if (size < DAY) return say(`${Math.floor(size / HOUR)} h`);
  if (size < 14 * DAY) return say(`${Math.floor(size / DAY)} d`);
  return new Date(at).toISOString().slice(0, 10);
}

export function absoluteTime(at: number): string {
  const date = new Date(at);
  const offset = -date.getTimezoneOffset();
  const sign = offset < 0 ? "-" : "+";
  const zone = `${sign}${pad(Math.floor(Math.abs(offset) / 60))}:${pad(Math.abs(offset) % 60)}`;
  const day = `${date.getFullYear()}-${pad(date.getMonth() + 1)}-${pad(date.getDate())}`;
  return `${day} ${pad(date.getHours())}:${pad(date.getMinutes())}:${pad(date.getSeconds())} ${zone}`;
}

const pad = (value: number) => String(value).padStart(2, "0");

export function duration(milliseconds: number): string {
  if (milliseconds < SECOND) return `${Math.max(0, Math.round(milliseconds))} ms`;
  if (milliseconds < 10 * SECOND) return `${(milliseconds / SECOND).toFixed(2)} s`;
  if (milliseconds < MINUTE) return `${(milliseconds / SECOND).toFixed(1)} s`;
  if (milliseconds < HOUR)
    return `${Math.floor(milliseconds / MINUTE)} min ${pad(Math.floor((milliseconds % MINUTE) / SECOND))} s`;
  return `${Math.floor(milliseconds / HOUR)} h ${pad(Math.floor((milliseconds % HOUR) / MINUTE))} min`;
}

/** 1234 -> "1,234"; from ten thousand on it is shortened: 1234567 -> "1.23M". */
export function count(value: number): string {
  const size = Math.abs(value);
  if (size < 10_000) return exact(value);
  for (const [limit, unit] of [
    [1e12, "T"],
    [1e9, "B"],
    [1e6, "M"],
    [1e3, "k"],
  ] as const)
    if (size >= limit) return trim(value / limit) + unit;
  return exact(value);
}

export const exact = (value: number): string => value.toLocaleString("en-US");

export function bytes(value: number): string {
  if (value < 1024) return `${value} B`;
  const units = ["KiB", "MiB", "GiB", "TiB", "PiB"];
  let size = value / 1024;
  let unit = 0;
  while (size >= 1024 && unit < units.length - 1) {
    size /= 1024;
    unit += 1;
  }
  return `${trim(size)} ${units[unit]}`;
}

function trim(value: number): string {
  const digits = Math.abs(value) >= 100 ? 0 : Math.abs(value) >= 10 ? 1 : 2;
  return value.toFixed(digits).replace(/\.0+$|(\.\d*[1-9])0+$/, "$1");
}

export const plural = (amount: number, one: string, many = `${one}s`): string =>
  `${count(amount)} ${amount === 1 ? one : many}`;

/** A value of a result cell as text: nested values as JSON, nothing as null. */
export function cell(value: unknown): string | null {
  if (value === null || value === undefined) return null;
  if (typeof value === "string") return value;
  if (typeof value === "object") return JSON.stringify(value);
  return String(value);
}
