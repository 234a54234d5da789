// Column types in Hive's language, laid out so that nested ones can be read.
const OPEN = new Set(["<", "("]);
const CLOSE = new Set([">", ")"]);

/** One line of a nested type: how deep it is, the field's name if it has one, and the type's own text. */
export interface TypeLine {
  depth: number;
  name: string | null;
  text: string;
}

export const isNested = (type: string): boolean => /^(array|map|struct|uniontype)\s*</i.test(type.trim());

/** Splits at `separator` outside of brackets and quoted names. */
export function splitTop(text: string, separator: string): string[] {
  const parts: string[] = [];
  let depth = 0;
  let quote = "";
  let start = 0;
  for (let at = 0; at < text.length; at += 1) {
    const letter = text[at] as string;
    if (letter === quote) quote = "";
    else if (quote === "" && (letter === "`" || letter === '"')) quote = letter;
    if (quote !== "") continue;
    if (OPEN.has(letter)) depth += 1;
    else if (CLOSE.has(letter)) depth -= 1;
    else if (letter === separator && depth === 0) {
      parts.push(text.slice(start, at));
      start = at + 1;
    }
  }
  parts.push(text.slice(start));
  return parts.map((part) => part.trim());
}

/** A type as indented lines: `struct<a:int>` becomes `struct` and, one level in, `a int`. */
export function typeLines(type: string, name: string | null = null, depth = 0): TypeLine[] {
  const text = type.trim();
  const match = /^(array|map|struct|uniontype)\s*<(.*)>$/is.exec(text);
  if (match === null || depth > 32) return [{ depth, name, text }];
  const kind = (match[1] as string).toLowerCase();
  const inner = splitTop(match[2] as string, ",").filter((part) => part !== "");
  const head = { depth, name, text: kind };
  if (kind === "struct")
    return [
      head,
      ...inner.flatMap((part) => {
        const [label = "", ...rest] = splitTop(part, ":");
        return typeLines(rest.join(":"), label.replace(/^`(.*)`$/, "$1"), depth + 1);
      }),
    ];
  const simple = inner.every((part) => !isNested(part));
  if (simple) return [{ depth, name, text: `${kind}<${inner.join(", ")}>` }];
  const labels = kind === "array" ? ["element"] : kind === "map" ? ["key", "value"] : inner.map((_, at) => `${at}`);
  return [head, ...inner.flatMap((part, at) => typeLines(part, labels[at] ?? null, depth + 1))];
}

export type TypeFamily = "number" | "text" | "time" | "boolean" | "binary" | "nested" | "other";

/** What kind of value a type holds, in Hive's or Trino's spelling. */
export function typeFamily(type: string): TypeFamily {
  const word = /^[a-z_]+/i.exec(type.trim())?.[0].toLowerCase() ?? "";
  if (/^(tinyint|smallint|int|integer|bigint|float|real|double|decimal|numeric|hugeint|u[a-z]*int)$/.test(word))
    return "number";
  if (/^(string|varchar|char|text|json|uuid)$/.test(word)) return "text";
  if (/^(date|timestamp|time|interval)/.test(word)) return "time";
  if (word === "boolean") return "boolean";
  if (/^(binary|varbinary|blob)$/.test(word)) return "binary";
  if (/^(array|map|struct|row|uniontype|list)$/.test(word) || type.trim().endsWith("[]")) return "nested";
  return "other";
}
