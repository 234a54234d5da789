// The wizard that makes a crawler, or changes one: target, options, a preview of what it would make, and then it runs.
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { patch, post, remove } from "../api/client";
import { useCatalogs, useConnections, useCrawl, useCrawler, useDatabases, useInfo } from "../api/queries";
import { type Crawl, type Crawler, isFinal } from "../api/types";
import { Link, State } from "../components/basics";
import { Answer, ErrorNote, useToast } from "../components/feedback";
import { SelectField, TextField } from "../components/forms";
import { PageFrame, Panel } from "../components/layout";
import { plural } from "../lib/format";
import { linesOf, pairsOf, pairsText } from "../lib/lines";
import { type Chosen, chosenOf, unscheduled } from "../lib/schedule";
import { summaryCount } from "../lib/summary";
import { href, navigate, setParams, useParam } from "../router";
import { Found, Progress } from "./crawl";
import { RunNow } from "./crawlers";
import { ScheduleFields, bodyOf } from "./schedule";

const STEPS = ["Target", "Options", "Preview"] as const;

/** Options that are chosen by words; the first of each is what holds when nothing is said. */
const CHOICES: readonly { key: string; label: string; words: Readonly<Record<string, string>> }[] = [
  {
    key: "on_changed_table",
    label: "Tables that are different now",
    words: { update: "are updated", add_columns: "get new columns and nothing else", log: "are only told" },
  },
  {
    key: "on_missing_table",
    label: "Tables of which nothing is left",
    words: { keep: "are kept", deprecate: "are marked as deprecated", drop: "are dropped" },
  },
  {
    key: "on_missing_partition",
    label: "Partitions of which nothing is left",
    words: { drop: "are dropped", keep: "are kept" },
  },
  {
    key: "recrawl",
    label: "What an earlier crawl has seen",
    words: {
      changes: "is looked at again if it changed",
      everything: "is looked at again",
      new_folders: "is not looked at again",
    },
  },
  {
    key: "one_table",
    label: "Each target holds",
    words: { false: "as many tables as there are", true: "one table" },
  },
];
const ENGINES: Readonly<Record<string, string>> = { local: "this server", spark: "a Spark application" };
const CHOSEN_BY_WORDS = new Set([...CHOICES.map((each) => each.key), "engine", "exclude", "tables_max"]);

interface Draft {
  name: string;
  targets: string;
  catalog: string;
  database: string;
  prefix: string;
  comment: string;
  options: Record<string, string>;
  /** Further options, a line each. */
  further: string;
  schedule: Chosen;
}

function draftOf(crawler: Crawler): Draft {
  const further = Object.entries(crawler.options).filter(([key]) => !CHOSEN_BY_WORDS.has(key));
  return {
    name: crawler.name,
    targets: crawler.targets.join("\n"),
    catalog: crawler.catalog,
    database: crawler.database,
    prefix: crawler.table_prefix,
    comment: crawler.comment ?? "",
    options: crawler.options,
    further: pairsText(Object.fromEntries(further)),
    schedule: crawler.schedule === null ? unscheduled() : chosenOf(crawler.schedule),
  };
}

const emptyDraft = (targets: string): Draft => ({
  name: "",
  targets,
  catalog: "",
  database: "",
  prefix: "",
  comment: "",
  options: {},
  further: "",
  schedule: unscheduled(),
});

/** Whether all targets are tables of the catalog, which say their database themselves. */
function isOfCatalog(draft: Draft): boolean {
  const targets = linesOf(draft.targets);
  return targets.length > 0 && targets.every((target) => target.startsWith("catalog:"));
}

function optionsOf(draft: Draft): Record<string, string> {
  const chosen = Object.entries(draft.options).filter(([key, value]) => CHOSEN_BY_WORDS.has(key) && value !== "");
  return { ...Object.fromEntries(chosen), ...pairsOf(draft.further) };
}

/** Keeps the crawler as the draft has it; `known` is the one it changes. */
async function keep(draft: Draft, known: Crawler | undefined): Promise<Crawler> {
  const options = optionsOf(draft);
  const comment = draft.comment.trim() === "" ? null : draft.comment.trim();
  const shared = {
    targets: linesOf(draft.targets),
    catalog: draft.catalog,
    database: draft.database.trim(),
    table_prefix: draft.prefix.trim(),
  };
  const schedule = bodyOf(draft.schedule);
  const before = known === undefined || known.schedule === null ? null : bodyOf(chosenOf(known.schedule));
  if (known === undefined)
    return post<Crawler>(["crawlers"], {
      ...shared,
      name: draft.name.trim(),
      options,
      ...(comment === null ? {} : { comment }),
      ...(schedule === null ? {} : { schedule }),
    });
  const gone = Object.keys(known.options).filter((key) => options[key] === undefined);
  return patch<Crawler>(["crawlers", known.name], {
    ...shared,
    comment,
    options: { ...options, ...Object.fromEntries(gone.map((key) => [key, null])) },
    // one that stays as it is stays in the name of whoever made it
    ...(JSON.stringify(schedule) === JSON.stringify(before)
      ? {}
      : { schedule: schedule === null ? null : { ...schedule, paused: known.schedule?.paused ?? false } }),
  });
}

function Steps({ at, onGo }: { at: number; onGo?: (step: number) => void }) {
  return (
    <ol className="steps" aria-label="Steps">
      {STEPS.map((step, number) => (
        <li key={step} aria-current={number === at ? "step" : undefined} data-done={number < at}>
          {onGo !== undefined && number < at ? (
            <button type="button" onClick={() => onGo(number)}>
              <span>{number + 1}</span> {step}
            </button>
          ) : (
            <div>
              <span>{number + 1}</span> {step}
            </div>
          )}
        </li>
      ))}
    </ol>
  );
}

interface FieldsProps {
  draft: Draft;
  set: (changes: Partial<Draft>) => void;
}

function TargetFields({ draft, set, named }: FieldsProps & { named: boolean }) {
  const catalogs = useCatalogs();
  const connections = useConnections();
  const databases = useDatabases(draft.catalog);
  const names = connections.data?.items.map((connection) => connection.name) ?? [];
  return (
    <>
      {!named && (
        <TextField
          label="Name"
          value={draft.name}
          onChange={(name) => set({ name })}
          required
          autoFocus
          placeholder="raw"
        />
      )}
      <TextField
        label="Targets"
        value={draft.targets}
        onChange={(targets) => set({ targets })}
        required
        mono
        rows={3}
        placeholder={"s3://bucket/raw/\nfile:///data/raw\nconnection:sales/public/%\ncatalog:raw/%"}
        hint={
          <>
            One a line: a folder of files, tables of a connection
            {names.length > 0 && <> ({names.map((each) => `connection:${each}/…`).join(", ")})</>}, or tables that the
            catalog has (catalog:DATABASE/TABLE), which are brought up to date and none made.
          </>
        }
      />
      <div className="columns-2">
        {(catalogs.data?.items.length ?? 0) > 1 && (
          <SelectField
            label="Catalog"
            value={draft.catalog}
            onChange={(catalog) => set({ catalog })}
            options={catalogs.data?.items.map((each) => each.name) ?? []}
          />
        )}
        <TextField
          label="Database"
          value={draft.database}
          onChange={(database) => set({ database })}
          required={!isOfCatalog(draft)}
          placeholder="raw"
          list={databases.data?.pages.flatMap((page) => page.items.map((each) => each.name)) ?? []}
          hint={isOfCatalog(draft) ? "That of the targets, if nothing is said." : "Made if it is not there."}
        />
        <TextField
          label="Table prefix"
          value={draft.prefix}
          onChange={(prefix) => set({ prefix })}
          placeholder="none"
          hint="Put before each table's name."
        />
      </div>
      <TextField label="Comment" value={draft.comment} onChange={(comment) => set({ comment })} />
    </>
  );
}

/** Who lists a target and looks at its files; an engine that is not known stays what it is. */
function EngineField({ value, onChange }: { value: string; onChange: (value: string) => void }) {
  const engine = value === "" ? "local" : value;
  const words = engine in ENGINES ? ENGINES : { ...ENGINES, [engine]: engine };
  return (
    <SelectField
      label="Files are looked at by"
      value={words[engine] ?? engine}
      onChange={(word) => {
        const chosen = Object.keys(words).find((each) => words[each] === word) ?? "";
        onChange(chosen === "local" ? "" : chosen);
      }}
      options={Object.values(words)}
      hint={
        <>
          Spark is for lakes beyond one machine, and finds the same tables; the server needs{" "}
          <code>catalog engines install spark</code>.
        </>
      }
    />
  );
}

function OptionFields({ draft, set }: FieldsProps) {
  const option = (key: string, value: string) => set({ options: { ...draft.options, [key]: value } });
  return (
    <>
      <Panel title="When" body>
        <ScheduleFields chosen={draft.schedule} onChange={(schedule) => set({ schedule })} />
      </Panel>
      <Panel title="What" body>
        <div className="columns-2">
          {CHOICES.map(({ key, label, words }) => {
            const keys = Object.keys(words);
            return (
              <SelectField
                key={key}
                label={label}
                value={words[draft.options[key] ?? keys[0] ?? ""] ?? ""}
                onChange={(word) => {
                  const chosen = keys.find((each) => words[each] === word) ?? "";
                  option(key, chosen === keys[0] ? "" : chosen);
                }}
                options={Object.values(words)}
              />
            );
          })}
          <TextField
            label="New tables at most"
            value={draft.options.tables_max ?? ""}
            onChange={(value) => option("tables_max", value)}
            placeholder="1000"
            hint="More are refused, all of them."
          />
        </div>
        <TextField
          label="Files that are left out"
          value={draft.options.exclude ?? ""}
          onChange={(value) => option("exclude", value)}
          mono
          placeholder="**/tmp/**, *.bak"
          hint="Globs below the target, with commas between them."
        />
        <EngineField value={draft.options.engine ?? ""} onChange={(value) => option("engine", value)} />
        <details>
          <summary className="muted">Further options: CSV, logs, JSON, XML, depth of tables, samples</summary>
          <TextField
            label="Further options"
            value={draft.further}
            onChange={(further) => set({ further })}
            mono
            rows={3}
            placeholder={"csv.header = absent\nsample = 50"}
            hint="key = value, one a line."
          />
        </details>
      </Panel>
    </>
  );
}

function Form({ known }: { known?: Crawler }) {
  const info = useInfo();
  const client = useQueryClient();
  const [target] = useParam("target");
  const [step, setStep] = useParam("step");
  const [isNew] = useParam("draft");
  const [held, setHeld] = useState<Draft>(() => (known === undefined ? emptyDraft(target) : draftOf(known)));
  const draft = { ...held, catalog: held.catalog === "" ? (info.data?.default_catalog ?? "hive") : held.catalog };
  const set = (changes: Partial<Draft>) => setHeld((now) => ({ ...now, ...changes }));
  const isPlaced = draft.database.trim() !== "" || isOfCatalog(draft);
  const isComplete = draft.name.trim() !== "" && draft.targets.trim() !== "" && isPlaced;
  const at = step === "options" && isComplete ? 1 : 0;
  const save = useMutation({
    mutationFn: async (preview: boolean) => {
      const crawler = await keep(draft, known);
      const crawl = preview ? await post<Crawl>(["crawlers", crawler.name, "crawls"], { preview: true }) : null;
      return { crawler, crawl };
    },
    onSuccess: ({ crawler, crawl }) => {
      void client.invalidateQueries({ queryKey: ["crawlers"] });
      void client.invalidateQueries({ queryKey: ["info"] });
      if (crawl === null) {
        navigate(href(["crawlers", crawler.name]));
        return;
      }
      const draft = known === undefined || isNew === "1" ? "1" : undefined;
      // what the browser's own way back leads to is the crawler as it is kept now
      navigate(href(["new-crawler"], { crawler: crawler.name, draft, step: "options" }), { replace: true });
      navigate(href(["new-crawler"], { crawler: crawler.name, draft, preview: crawl.id }));
    },
  });
  return (
    <form
      className="form wizard"
      onSubmit={(event) => {
        event.preventDefault();
        if (at === 0) setStep("options", true);
        else save.mutate(true);
      }}
    >
      <Steps at={at} onGo={() => setStep("", true)} />
      {save.error !== null && <ErrorNote error={save.error} />}
      {at === 0 ? (
        <TargetFields draft={draft} set={set} named={known !== undefined} />
      ) : (
        <OptionFields draft={draft} set={set} />
      )}
      <div className="row">
        {at === 0 ? (
          <button type="submit" className="button primary">
            Next: options
          </button>
        ) : (
          <>
            <button type="button" className="button" onClick={() => setStep("", true)}>
              Back
            </button>
            <button type="submit" className="button primary" disabled={save.isPending}>
              Next: preview
            </button>
            <button type="button" className="button" disabled={save.isPending} onClick={() => save.mutate(false)}>
              {known === undefined ? "Create crawler" : "Save"} without a preview
            </button>
          </>
        )}
        <Link className="button quiet" to={known === undefined ? "/crawlers" : href(["crawlers", known.name])}>
          Cancel
        </Link>
      </div>
    </form>
  );
}

/** `3 tables would be made, 1 changed; 2 problems.` */
function outcome(summary: Crawl["summary"]): string {
  const counts: readonly [string, string][] = [
    ["added", "made"],
    ["changed", "changed"],
    ["removed", "dropped"],
    ["refused", "refused"],
  ];
  const said = counts
    .map(([key, word]) => [summaryCount(summary[key]) ?? 0, word] as const)
    .filter(([amount]) => amount > 0)
    .map(([amount, word], at) => (at === 0 ? `${plural(amount, "table")} would be ${word}` : `${amount} ${word}`));
  const problems = summaryCount(summary.problems) ?? 0;
  const tables = said.length === 0 ? "No table would be made or changed" : said.join(", ");
  return tables + (problems > 0 ? `; ${plural(problems, "problem")}.` : ".");
}

function PreviewStep({ id, name }: { id: string; name: string }) {
  const crawl = useCrawl(id);
  const client = useQueryClient();
  const { fail, tell } = useToast();
  const [isNew] = useParam("draft");
  const back = (step: string) => setParams({ preview: undefined, step }, true);
  const discard = () =>
    void remove(["crawlers", name]).then(() => {
      // only marked as stale: what is asked of the crawler itself has no answer any more
      void client.invalidateQueries({ queryKey: ["crawlers"], refetchType: "none" });
      void client.invalidateQueries({ queryKey: ["info"] });
      navigate("/crawlers");
      tell(`Crawler ${name} is discarded; nothing was written.`);
    }, fail);
  return (
    <div className="stack">
      <Steps at={2} onGo={(step) => back(step === 0 ? "" : "options")} />
      <Answer of={crawl}>
        {(data) => (
          <>
            <Panel body>
              <div className="row spread">
                <div>
                  <div className="row">
                    <State state={data.state} />
                    <strong>{isFinal(data.state) && data.error === null && outcome(data.summary)}</strong>
                  </div>
                  <span className="muted">The crawler is kept; nothing is written to the catalog until it runs.</span>
                </div>
                <div className="row">
                  <button type="button" className="button" onClick={() => back("options")}>
                    Back
                  </button>
                  {isNew === "1" && (
                    <button type="button" className="button danger" onClick={discard}>
                      Discard
                    </button>
                  )}
                  <Link className="button" to={href(["crawlers", name])}>
                    Later
                  </Link>
                  <RunNow name={name} primary />
                </div>
              </div>
            </Panel>
            {data.error !== null && <ErrorNote error={new Error(data.error)} />}
            {!isFinal(data.state) && <Progress crawl={data} />}
            <Found crawl={data} />
          </>
        )}
      </Answer>
    </div>
  );
}

function Known({ name }: { name: string }) {
  const crawler = useCrawler(name);
  return <Answer of={crawler}>{(data) => <Form key={data.name} known={data} />}</Answer>;
}

export function NewCrawlerPage() {
  const [name] = useParam("crawler");
  const [preview] = useParam("preview");
  const crumbs = [
    { label: "Crawlers", to: "/crawlers" },
    ...(name === "" ? [] : [{ label: name, to: href(["crawlers", name]) }]),
  ];
  return (
    <PageFrame title={name === "" ? "New crawler" : `Crawler ${name}`} crumbs={crumbs}>
      {preview !== "" && name !== "" ? (
        <PreviewStep key={preview} id={preview} name={name} />
      ) : name !== "" ? (
        <Known key={name} name={name} />
      ) : (
        <Form />
      )}
    </PageFrame>
  );
}
