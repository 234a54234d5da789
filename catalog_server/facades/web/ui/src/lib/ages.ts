// Ages and sizes as people write and say them.
import { plural } from "./format";

const SECOND = 1000;
const UNITS: readonly [unit: string, milliseconds: number, word: string][] = [
  ["w", 7 * 86_400 * SECOND, "week"],
  ["d", 86_400 * SECOND, "day"],
  ["h", 3_600 * SECOND, "hour"],
  ["m", 60 * SECOND, "minute"],
  ["s", SECOND, "second"],
];

/** The milliseconds of an age such as `90m`, `12h` or `7d`; null for anything else. */
export function ageOf(text: string): number | null {
  const found = /^(\d{1,6})([smhdw])$/.exec(text.trim());
  const unit = UNITS.find(([name]) => name === found?.[2]);
  return found === null || unit === undefined ? null : Number(found[1]) * unit[1];
}

/** An age as it is written: the largest unit that says it exactly, days rather than weeks. */
export function ageText(milliseconds: number): string {
  const unit = UNITS.slice(1).find(([, size]) => milliseconds >= size && milliseconds % size === 0);
  return unit === undefined ? (milliseconds === 0 ? "0s" : `${milliseconds}ms`) : `${milliseconds / unit[1]}${unit[0]}`;
}

/** An age as it is said: `7 days`. */
export function ageWords(milliseconds: number): string {
  const unit = UNITS.slice(1).find(([, size]) => milliseconds >= size && milliseconds % size === 0);
  return unit === undefined ? `${milliseconds} ms` : plural(milliseconds / unit[1], unit[2]);
}

/** How often: `every day`, `every 12 hours`. */
export const everyWords = (milliseconds: number): string => `every ${ageWords(milliseconds).replace(/^1 /, "")}`;

/** The bytes of a size such as `128M` or `1GB`; null for anything else. */
export function sizeOf(text: string): number | null {
  const found = /^(\d{1,12})([KMG]?)(?:i?B)?$/i.exec(text.trim());
  return found === null ? null : Number(found[1]) * 1024 ** ["", "K", "M", "G"].indexOf((found[2] ?? "").toUpperCase());
}
