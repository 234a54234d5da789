// Table care in words: operations and their options, ages and sizes, what a run did or would do, and what to do next.
import type { CareRun, FILE_KINDS, Operation } from "../api/types";
import { bytes, plural } from "./format";

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

interface Words {
  title: string;
  /** What it is called in the middle of a sentence. */
  noun: string;
  /** What it does, for somebody who meets it for the first time. */
  does: string;
}

export const OPERATIONS: Readonly<Record<Operation, Words>> = {
  rewrite: {
    title: "Rewrite small files",
    noun: "rewriting small files",
    does: "Packs small data files into larger ones, so that queries open fewer. The rows stay the same; the old files go once the snapshots before it expire.",
  },
  "expire-snapshots": {
    title: "Expire snapshots",
    noun: "expiring snapshots",
    does: "Forgets old states of the table and deletes the files that only they needed. Nobody can read the table as it was then any more; today's rows, branches and tags stay.",
  },
  "remove-orphans": {
    title: "Remove orphan files",
    noun: "removing orphan files",
    does: "Deletes files in the table's folder that nothing refers to, such as those that failed writers left behind. No rows are lost.",
  },
};

export const KINDS: Readonly<Record<(typeof FILE_KINDS)[number], string>> = {
  unreferenced: "Files that nothing refers to",
  data: "Data files",
  deletes: "Files of deletes",
  statistics: "Statistics",
  manifests: "Manifests",
  "manifest-lists": "Lists of manifests",
  metadata: "Metadata files",
};

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
    least: 3600 * SECOND,
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

/** Options as people say them, each a phrase. */
export function optionWords(options: Readonly<Record<string, unknown>>): string[] {
  const phrases: readonly (readonly [string, (value: number) => string])[] = [
    ["older_than_ms", (value) => (value === 0 ? "however young" : `older than ${ageWords(value)}`)],
    ["retain_last", (value) => `the newest ${value} of each branch stay`],
    ["target_bytes", (value) => `to files of ${bytes(value)}`],
    ["min_input_files", (value) => `where ${value} or more come together`],
  ];
  const said = phrases.flatMap(([key, say]) => (typeof options[key] === "number" ? [say(options[key])] : []));
  if (options.force === true) said.push("even younger than an hour");
  if (options.ignore_unreadable === true) said.push("though other tables cannot be read");
  return said;
}

const spoken = (parts: readonly string[]): string =>
  parts.length < 2 ? parts.join("") : `${parts.slice(0, -1).join(", ")} and ${parts.at(-1)}`;

/** What a run is called: "Expiring snapshots", "Preview of expiring snapshots". */
export function runTitle(run: CareRun): string {
  const { noun } = OPERATIONS[run.operation];
  return run.dry_run ? `Preview of ${noun}` : noun.charAt(0).toUpperCase() + noun.slice(1);
}

/** Whether a preview or run found nothing to do. */
export const isIdle = ({ summary }: CareRun): boolean =>
  (summary.files ?? 0) === 0 && (summary.snapshots ?? 0) === 0 && (summary.refs ?? 0) === 0;

/** What a run did, or a preview would do, as one sentence. */
export function outcomeOf(run: CareRun): string {
  const { summary, dry_run: dry, operation } = run;
  const files = summary.files ?? 0;
  if (isIdle(run))
    return {
      rewrite: "There are no small files worth a rewrite.",
      "expire-snapshots": "No snapshot is old enough to expire.",
      "remove-orphans": "There are no orphans of that age.",
    }[operation];
  const size = bytes(summary.bytes ?? 0);
  if (operation === "rewrite")
    return `${plural(files, "small file")} (${size}) ${dry ? "would become" : "became"} ${plural(summary.new_files ?? 0, "new file")}.`;
  const gone: string[] = [];
  if (operation === "expire-snapshots") gone.push(plural(summary.snapshots ?? 0, "snapshot"));
  if ((summary.refs ?? 0) > 0) gone.push(plural(summary.refs ?? 0, "branch or tag", "branches or tags"));
  const deleted = `${plural(files, "file")} (${size}) ${dry ? "would be" : files === 1 ? "was" : "were"} deleted`;
  if (gone.length === 0) return `${deleted}.`;
  return `${spoken(gone)} ${dry ? "would expire" : "expired"}; ${files === 0 ? "no file goes with that" : deleted}.`;
}

/** What the button that does what a preview showed is called. */
export function actionOf(run: CareRun): string {
  const { summary } = run;
  if (run.operation === "rewrite") return `Rewrite ${plural(summary.files ?? 0, "file")}`;
  if (run.operation === "remove-orphans") return `Delete ${plural(summary.files ?? 0, "file")}`;
  return `Expire ${plural(summary.snapshots ?? 0, "snapshot")}`;
}

const ADVICE: readonly (readonly [RegExp, string])[] = [
  [
    /^gc\.enabled/,
    "Whoever owns the table knows whether its files belong to others. If they do not, let files be deleted under Policies.",
  ],
  [
    /the files of table .* cannot be told/,
    "Repair or drop that table, or preview again with the option to go on though other tables cannot be told: its folder is spared then. Snapshots that expired stay expired; their files go with the orphans.",
  ],
  [/^(history\.expire|write\.target)/, "That property of the table holds no number: correct or remove it."],
  [/rewrite_data_files/, "Under Jobs, make one with Spark whose script calls it."],
  [/is shared with/, "Two tables in one folder cannot be told apart: give one of them a folder of its own."],
  [/other writers again and again/, "Many writers were at work. Run it again when there are fewer."],
  [/not found/, "The table or one of its files is gone. See Versions for who changed the table last."],
  [/^unexpected/, "The server's log says more. What was done stays done; it is safe to preview and run again."],
];

/** What to do about a run that failed. */
export const adviceOf = (error: string): string =>
  ADVICE.find(([pattern]) => pattern.test(error))?.[1] ??
  "What was done stays done, and nothing else was touched. Preview it again to see what is left.";
