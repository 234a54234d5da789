// Table care in words: its operations and options, what a run did or would do, and what to do next.
import type { CareRun, FILE_KINDS, Operation } from "../api/types";
import { ageWords } from "./ages";
import { bytes, plural } from "./format";

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
