// The tables that were opened last in this browser.
const KEY = "catalog.recent";
const KEPT = 12;

export interface Visit {
  catalog: string;
  database: string;
  table: string;
  format: string;
  at: number;
}

export function recentVisits(): Visit[] {
  try {
    return JSON.parse(localStorage.getItem(KEY) ?? "[]") as Visit[];
  } catch {
    return [];
  }
}

export function remember(visit: Omit<Visit, "at">): void {
  const same = (other: Visit) =>
    other.catalog === visit.catalog && other.database === visit.database && other.table === visit.table;
  const kept = recentVisits().filter((other) => !same(other));
  try {
    localStorage.setItem(KEY, JSON.stringify([{ ...visit, at: Date.now() }, ...kept].slice(0, KEPT)));
  } catch {
    // Storage is switched off: nothing is remembered.
  }
}
