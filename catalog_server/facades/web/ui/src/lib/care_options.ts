// The options of table care, and the table's properties that hold them: read, checked, and written.
import type { Operation } from "../api/types";
import { ageOf, ageText, ageWords, sizeOf } from "./ages";

export interface OptionField {
  /** Its name in a request, and behind `care.OPERATION.` in the table's properties; null where it is none. */
  option: string;
  property: string | null;
  kind: "age" | "milliseconds" | "size" | "count" | "flag";
  label: string;
  hint?: string;
  least?: number;
}

const AGE = "A number and s, m, h, d or w, such as 7d.";
const UNREADABLE: OptionField = {
  option: "ignore_unreadable",
  property: "ignore-unreadable",
  kind: "flag",
  label: "Go on though the files of some other tables cannot be told; their folders are spared",
};

export const OPTIONS: Readonly<Record<Operation, readonly OptionField[]>> = {
  rewrite: [
    {
      option: "target_bytes",
      property: "target-size",
      kind: "size",
      label: "Size of the new files",
      hint: "Such as 128M. Else as write.target-file-size-bytes says, or 512M.",
      least: 1024,
    },
    {
      option: "min_input_files",
      property: "min-files",
      kind: "count",
      label: "Small files worth a rewrite",
      hint: "So many of a partition, or as many as fill a new one. Else 5.",
      least: 2,
    },
  ],
  "expire-snapshots": [
    {
      option: "older_than_ms",
      property: "older-than",
      kind: "age",
      label: "Older than",
      hint: `${AGE} Else as the retention below says.`,
    },
    {
      option: "retain_last",
      property: "retain-last",
      kind: "count",
      label: "Newest that stay",
      hint: "Of each branch, however old. Else as the retention below says.",
      least: 1,
    },
    UNREADABLE,
  ],
  "remove-orphans": [
    {
      option: "older_than_ms",
      property: "older-than",
      kind: "age",
      label: "Older than",
      hint: `${AGE} Else 3d: files of writers at work are not referred to yet.`,
    },
    {
      option: "force",
      property: null,
      kind: "flag",
      label: "Also files younger than an hour: only when nobody writes the table",
    },
    UNREADABLE,
  ],
};

export type Draft = Readonly<Record<string, string>>;

const millisecondsOf = (text: string): number | null =>
  ageOf(text) ?? (/^\d{1,15}ms$/.test(text) ? Number(text.slice(0, -2)) : null);

const READ = {
  age: ageOf,
  milliseconds: millisecondsOf,
  size: sizeOf,
  count: (text: string) => (/^\d{1,9}$/.test(text) ? Number(text) : null),
};
const SHAPES = {
  age: AGE,
  milliseconds: AGE,
  size: "A number and K, M or G, such as 128M.",
  count: "A whole number.",
};

/** What is wrong with a field's text, or nothing; an empty one is left out. */
export function problemOf(field: OptionField, text: string): string | null {
  if (field.kind === "flag" || text.trim() === "") return null;
  const value = READ[field.kind](text.trim());
  if (value === null) return SHAPES[field.kind];
  if (field.least === undefined || value >= field.least) return null;
  return `At least ${field.kind === "age" ? ageWords(field.least) : field.least}.`;
}

/** The options of a request from what was typed; nothing for texts that make no sense. */
export function optionsOf(operation: Operation, draft: Draft): Record<string, number | boolean> {
  const options: Record<string, number | boolean> = {};
  for (const field of OPTIONS[operation]) {
    const text = (draft[field.option] ?? "").trim();
    if (field.kind === "flag") {
      if (text === "true") options[field.option] = true;
    } else {
      const value = text === "" ? null : READ[field.kind](text);
      if (value !== null) options[field.option] = value;
    }
  }
  return options;
}

export interface PropertyField extends OptionField {
  /** The table's property that holds it. */
  key: string;
}

/** What a table's properties can say of an operation that is to be done again and again. */
export const policyFields = (operation: Operation): PropertyField[] => [
  {
    key: `care.${operation}.every`,
    option: "every",
    property: "every",
    kind: "age",
    label: "Repeat every",
    hint: "Such as 12h or 7d, an hour at least. Empty: it is not done by itself.",
    least: 3_600_000,
  },
  ...OPTIONS[operation].flatMap((field) =>
    field.property === null ? [] : [{ ...field, key: `care.${operation}.${field.property}` }],
  ),
];

export const RETENTION: readonly PropertyField[] = [
  {
    key: "history.expire.max-snapshot-age-ms",
    option: "max-snapshot-age-ms",
    property: null,
    kind: "milliseconds",
    label: "Snapshots stay for",
    hint: `${AGE} Empty: 5 days.`,
    least: 1,
  },
  {
    key: "history.expire.min-snapshots-to-keep",
    option: "min-snapshots-to-keep",
    property: null,
    kind: "count",
    label: "Newest that always stay",
    hint: "Of each branch. Empty: 1.",
    least: 1,
  },
  {
    key: "history.expire.max-ref-age-ms",
    option: "max-ref-age-ms",
    property: null,
    kind: "milliseconds",
    label: "Branches and tags stay for",
    hint: "All but main. Empty: for ever.",
    least: 1,
  },
];

/** What fields hold now, as it is typed. */
export const draftOf = (fields: readonly PropertyField[], held: Readonly<Record<string, string>>): Draft =>
  Object.fromEntries(
    fields.map(({ key, kind, option }) => {
      const text = held[key] ?? "";
      return [option, kind === "milliseconds" && /^\d+$/.test(text) ? ageText(Number(text)) : text];
    }),
  );

/** The properties that are to be set, or with null taken away, so that they say what was typed. */
export function changesOf(
  fields: readonly PropertyField[],
  draft: Draft,
  held: Readonly<Record<string, string>>,
): Record<string, string | null> {
  const changes: Record<string, string | null> = {};
  for (const field of fields) {
    const text = (draft[field.option] ?? "").trim();
    const value = field.kind === "milliseconds" ? millisecondsOf(text) : null;
    const said = text === "" || (field.kind === "flag" && text === "false") ? null : String(value ?? text);
    if (said !== (held[field.key] ?? null)) changes[field.key] = said;
  }
  return changes;
}
