// Values of results as text: rows come as lists without their fields' names, which only the type knows.
import { cell } from "./format";
import { splitTop } from "./types";

type Shape =
  | { kind: "plain" }
  | { kind: "array"; of: Shape }
  | { kind: "map"; of: Shape }
  | { kind: "row"; fields: readonly [name: string, shape: Shape][] };

const PLAIN: Shape = { kind: "plain" };
const known = new Map<string, Shape>();

/** How the values of a type in Trino's spelling are nested. */
export function shapeOf(type: string): Shape {
  const held = known.get(type);
  if (held !== undefined) return held;
  const shape = parse(type.trim());
  known.set(type, shape);
  return shape;
}

function parse(type: string): Shape {
  const match = /^(array|map|row)\s*\((.*)\)$/is.exec(type);
  if (match === null) return PLAIN;
  const inner = splitTop(match[2] ?? "", ",");
  switch (match[1]?.toLowerCase()) {
    case "array":
      return { kind: "array", of: shapeOf(inner[0] ?? "") };
    case "map":
      return { kind: "map", of: shapeOf(inner[1] ?? "") };
    default:
      return { kind: "row", fields: inner.map(field) };
  }
}

function field(text: string, at: number): [string, Shape] {
  const match = /^(?:"((?:[^"]|"")*)"|(\S+))\s+(.*)$/s.exec(text);
  if (match === null) return [`field${at}`, shapeOf(text)];
  return [match[1]?.replaceAll('""', '"') ?? match[2] ?? "", shapeOf(match[3] ?? "")];
}

/** A value as text: null stays null, plain values as they are, nested ones with the names of their fields. */
export function valueText(value: unknown, type: string): string | null {
  const shape = shapeOf(type);
  if (shape.kind !== "plain" && value !== null && value !== undefined) return said(named(value, shape));
  if (typeof value === "number" && Number.isInteger(value) && /^(double|real|float)$/i.test(type))
    return value.toFixed(1);
  return cell(value);
}

/** A value whole, nested ones over several lines. */
export function valueLines(value: unknown, type: string): string {
  const shape = shapeOf(type);
  if (shape.kind === "plain" || value === null || value === undefined) return valueText(value, type) ?? "null";
  return JSON.stringify(named(value, shape), null, 2);
}

/** The value with objects in the place of rows' lists. */
function named(value: unknown, shape: Shape): unknown {
  if (value === null || value === undefined || shape.kind === "plain") return value ?? null;
  if (shape.kind === "array") return Array.isArray(value) ? value.map((each) => named(each, shape.of)) : value;
  if (shape.kind === "row" && Array.isArray(value))
    return Object.fromEntries(
      value.map((each, at) => [shape.fields[at]?.[0] ?? String(at), named(each, shape.fields[at]?.[1] ?? PLAIN)]),
    );
  if (typeof value !== "object" || Array.isArray(value)) return value;
  const of = (name: string): Shape =>
    shape.kind === "map" ? shape.of : (shape.fields.find((each) => each[0] === name)?.[1] ?? PLAIN);
  return Object.fromEntries(Object.entries(value).map(([name, each]) => [name, named(each, of(name))]));
}

/** JSON with less noise: no quotes around names, a space after each comma. */
function said(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(said).join(", ")}]`;
  if (typeof value !== "object" || value === null) return JSON.stringify(value);
  return `{${Object.entries(value)
    .map(([name, each]) => `${name}: ${said(each)}`)
    .join(", ")}}`;
}
