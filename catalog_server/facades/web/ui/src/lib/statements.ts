// SQL text as far as the editor must understand it: where statements end, and which tables one names.
export interface Statement {
  text: string;
  /** Offsets in the whole text; `to` is behind the last character. */
  from: number;
  to: number;
}

const SKIP = /'(?:[^']|'')*'?|"(?:[^"]|"")*"?|--[^\n]*|\/\*[\s\S]*?(?:\*\/|$)/y;

/** The statements of a text, cut at semicolons outside of quotes and comments; blank ones are left out. */
export function statements(text: string): Statement[] {
  const found: Statement[] = [];
  let start = 0;
  const close = (end: number) => {
    const raw = text.slice(start, end);
    const trimmed = raw.trim();
    if (trimmed !== "") {
      const from = start + raw.indexOf(trimmed);
      found.push({ text: trimmed, from, to: from + trimmed.length });
    }
    start = end + 1;
  };
  for (let at = 0; at < text.length;) {
    SKIP.lastIndex = at;
    const skipped = SKIP.exec(text);
    if (skipped !== null && skipped[0] !== "") {
      at += skipped[0].length;
      continue;
    }
    if (text[at] === ";") close(at);
    at += 1;
  }
  close(text.length);
  return found;
}

/** The statement at a position: the one around it, else the one before it. */
export function statementAt(text: string, position: number): Statement | null {
  const all = statements(text);
  return all.find((each) => position <= each.to) ?? all.at(-1) ?? null;
}

/** Offset in `text` of a line and column, both counted from 1, as the server tells them. */
export function offsetOf(text: string, line: number, column: number): number {
  const lines = text.split("\n");
  let offset = 0;
  for (let at = 0; at < Math.min(line - 1, lines.length); at += 1) offset += (lines[at]?.length ?? 0) + 1;
  return Math.max(0, Math.min(text.length, offset + column - 1));
}

export interface Mention {
  path: string[];
  alias: string | null;
}

const NAME = `(?:"(?:[^"]|"")+"|[A-Za-z_][\\w$]*)`;
const FROM = new RegExp(
  `\\b(?:from|join|into|update|table)\\s+(${NAME}(?:\\.${NAME}){0,2})(?:\\s+(?:as\\s+)?(${NAME}))?`,
  "gi",
);
const NOT_ALIAS = new Set(
  "where join left right full inner cross on group order limit union select set values having natural using offset fetch window tablesample except intersect".split(
    " ",
  ),
);

const bare = (name: string): string => (name.startsWith('"') ? name.slice(1, -1).replaceAll('""', '"') : name);

/** The parts of a dotted name, unquoted. */
export const nameParts = (text: string): string[] => (text.match(new RegExp(NAME, "g")) ?? []).map(bare);

/** The tables that a statement reads or writes, with their aliases. */
export function mentions(sql: string): Mention[] {
  return [...sql.matchAll(FROM)].map((match) => {
    const alias = match[2] === undefined || NOT_ALIAS.has(match[2].toLowerCase()) ? null : bare(match[2]);
    return { path: nameParts(match[1] ?? ""), alias };
  });
}
