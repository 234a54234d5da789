// Crawl summaries and progress are open maps: counts, or lists of names or objects.
export function summaryCount(value: unknown): number | null {
  if (typeof value === "number") return value;
  if (Array.isArray(value)) return value.length;
  return null;
}

/** The table an entry speaks of: a text `database.table`, or an object with such a text. */
export function entryTable(
  entry: unknown,
  catalog: string,
  database: string,
): { catalog: string; database: string; table: string } | null {
  const text = typeof entry === "string" ? entry : fieldOf(entry, ["table", "name"]);
  if (text === null || text === "") return null;
  const parts = text.split(".");
  if (parts.length === 1) return { catalog, database, table: text };
  if (parts.length === 2) return { catalog, database: parts[0] ?? database, table: parts[1] ?? "" };
  return { catalog: parts[0] ?? catalog, database: parts.slice(1, -1).join("."), table: parts.at(-1) ?? "" };
}

/** The first of the fields that holds a text. */
export function fieldOf(entry: unknown, names: readonly string[]): string | null {
  if (typeof entry !== "object" || entry === null) return null;
  for (const name of names) {
    const value = (entry as Record<string, unknown>)[name];
    if (typeof value === "string") return value;
  }
  return null;
}

/** How far something is, from 0 to 1, if it says so. */
export function fraction(progress: Readonly<Record<string, unknown>>): number | null {
  const { done, total } = progress;
  if (typeof done !== "number" || typeof total !== "number" || total <= 0) return null;
  return Math.min(1, done / total);
}
