// What changed between two versions of a table: columns by name, parameters by key.
export type Change<T> =
  | { kind: "added"; name: string; after: T }
  | { kind: "removed"; name: string; before: T }
  | { kind: "changed"; name: string; before: T; after: T };

export interface ColumnLike {
  name: string;
  type: string;
  comment?: string | null;
}

const key = (name: string) => name.toLowerCase();

/** Columns are the same by name, whatever the case; a move alone is no change. In the order of the newer version. */
export function diffColumns<T extends ColumnLike>(before: readonly T[], after: readonly T[]): Change<T>[] {
  const old = new Map(before.map((column) => [key(column.name), column]));
  const kept = new Set(after.map((column) => key(column.name)));
  const changes: Change<T>[] = [];
  for (const column of after) {
    const was = old.get(key(column.name));
    if (was === undefined) changes.push({ kind: "added", name: column.name, after: column });
    else if (was.type !== column.type || (was.comment ?? "") !== (column.comment ?? "") || was.name !== column.name)
      changes.push({ kind: "changed", name: column.name, before: was, after: column });
  }
  for (const column of before)
    if (!kept.has(key(column.name))) changes.push({ kind: "removed", name: column.name, before: column });
  return changes;
}

/** Keys in alphabetical order. */
export function diffParameters(
  before: Readonly<Record<string, string>>,
  after: Readonly<Record<string, string>>,
): Change<string>[] {
  const changes: Change<string>[] = [];
  for (const name of [...new Set([...Object.keys(before), ...Object.keys(after)])].sort()) {
    const was = before[name];
    const is = after[name];
    if (was === is) continue;
    if (was === undefined && is !== undefined) changes.push({ kind: "added", name, after: is });
    else if (is === undefined && was !== undefined) changes.push({ kind: "removed", name, before: was });
    else if (was !== undefined && is !== undefined) changes.push({ kind: "changed", name, before: was, after: is });
  }
  return changes;
}
