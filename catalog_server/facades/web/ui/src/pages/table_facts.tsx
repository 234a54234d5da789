// Where a table came from, its properties, and how to use it elsewhere.
import { useInfo, useRun, useVersions } from "../api/queries";
import type { Made, Table } from "../api/types";
import { Empty, InputName, Link, When } from "../components/basics";
import { Answer } from "../components/feedback";
import { Panel } from "../components/layout";
import { Snippets } from "../components/snippets";
import { tableSnippets } from "../lib/snippets";
import { doorWords, runPath } from "../lib/words";
import { href } from "../router";

function Deed({ made, verb }: { made: Made; verb: string }) {
  const run = runPath(made.via, made.run);
  return (
    <li>
      <div>
        <strong>{verb}</strong>{" "}
        <span className="muted">
          <When at={made.at} />
        </span>
      </div>
      <div className="muted">
        by {made.by ?? "someone unnamed"} through {doorWords(made.via)}
        {run !== null && (
          <>
            {" "}
            ·{" "}
            <Link to={href(run)}>
              {run[0] === "crawls" ? "the crawl" : "the job run"} <code>{made.run}</code>
            </Link>
          </>
        )}
        {" · "}version {made.version}
      </div>
    </li>
  );
}

/** The tables that the job run read which last wrote this one. */
function Sources({ run }: { run: string }) {
  const found = useRun(run);
  const inputs = found.data?.inputs ?? [];
  if (inputs.length === 0) return null;
  return (
    <div className="sources">
      <p className="muted">The run that wrote it read</p>
      <ul>
        {inputs.map((input) => (
          <li key={input}>
            <InputName input={input} />
          </li>
        ))}
      </ul>
    </div>
  );
}

export function LineageTab({ table }: { table: Table }) {
  const versions = useVersions(table.catalog, table.database, table.name);
  return (
    <Answer of={versions}>
      {(data) => {
        const deeds = data.pages.flatMap((page) => page.items);
        const created = table.lineage?.created ?? null;
        const oldest = deeds.at(-1);
        const withCreated =
          created !== null && (oldest === undefined || oldest.version > created.version) ? [...deeds, created] : deeds;
        if (withCreated.length === 0)
          return (
            <Panel>
              <Empty title="Nothing is known of its making" />
            </Panel>
          );
        const byJob = withCreated.find((made) => made.via !== "crawl" && made.run !== null)?.run ?? null;
        return (
          <Panel body>
            <ol className="story" reversed>
              {withCreated.map((made, at) => (
                <Deed key={made.version} made={made} verb={at === withCreated.length - 1 ? "Created" : "Changed"} />
              ))}
            </ol>
            {byJob !== null && <Sources run={byJob} />}
            {table.connection !== null && (
              <p className="muted">
                Its rows live behind the connection{" "}
                <Link to={href(["connections", table.connection])}>{table.connection}</Link>.
              </p>
            )}
            {table.location !== null && (
              <p className="muted">
                Its files lie in <code>{table.location}</code>.
              </p>
            )}
          </Panel>
        );
      }}
    </Answer>
  );
}

const LONG = 160;

function Value({ text }: { text: string }) {
  if (text.length <= LONG) return <>{text}</>;
  let shown = text;
  try {
    shown = JSON.stringify(JSON.parse(text), null, 2);
  } catch {
    // Not JSON: shown as it is.
  }
  return <pre tabIndex={0}>{shown}</pre>;
}

export function KeyValues({
  title,
  values,
  empty,
}: {
  title: string;
  values: Readonly<Record<string, unknown>>;
  empty?: string;
}) {
  const entries = Object.entries(values).filter(([, value]) => value !== null && value !== undefined && value !== "");
  if (entries.length === 0 && empty === undefined) return null;
  return (
    <Panel title={title}>
      {entries.length === 0 ? (
        <Empty title={empty ?? ""} />
      ) : (
        <table className="table key-values">
          <tbody>
            {entries
              .sort(([a], [b]) => a.localeCompare(b))
              .map(([key, value]) => (
                <tr key={key}>
                  <td>{key}</td>
                  <td>
                    <Value text={typeof value === "string" ? value : JSON.stringify(value)} />
                  </td>
                </tr>
              ))}
          </tbody>
        </table>
      )}
    </Panel>
  );
}

export function PropertiesTab({ table }: { table: Table }) {
  const storage = table.storage;
  const shape: Record<string, unknown> = {
    "input format": storage.input_format,
    "output format": storage.output_format,
    SerDe: storage.serde.library,
    buckets: storage.bucket_count > 0 ? `${storage.bucket_count} by ${storage.bucket_columns.join(", ")}` : null,
    "sorted by": storage.sort_columns.length > 0 ? storage.sort_columns.map(([name]) => name).join(", ") : null,
    compressed: storage.compressed ? "yes" : null,
    "metadata file": table.metadata_location,
  };
  return (
    <div className="stack">
      <KeyValues title="Parameters" values={table.parameters} empty="No parameters are set" />
      <KeyValues title="Storage" values={shape} />
      <KeyValues title="SerDe parameters" values={storage.serde.parameters} />
      <KeyValues title="Storage parameters" values={storage.parameters} />
    </div>
  );
}

export function UseTab({ table }: { table: Table }) {
  const info = useInfo();
  return (
    <Answer of={info}>
      {(data) => (
        <Panel body>
          <Snippets items={tableSnippets(table, data)} />
        </Panel>
      )}
    </Answer>
  );
}
