// A table's versions: who changed what, when and through which door.
import { useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { post } from "../api/client";
import { useVersion, useVersions } from "../api/queries";
import type { Column, Table } from "../api/types";
import { Empty, Link, When } from "../components/basics";
import { Confirm, ErrorNote, Skeleton, useToast } from "../components/feedback";
import { More, Panel } from "../components/layout";
import { type Change, diffColumns, diffParameters } from "../lib/diff";
import { doorWords, runPath } from "../lib/words";
import { href, setParams, useParam } from "../router";

const SIGNS = { added: "+", removed: "−", changed: "±" } as const;

function Side<T>({ value, say }: { value: T | undefined; say: (value: T) => string }) {
  return <td>{value === undefined ? <span className="faint">—</span> : <div>{say(value)}</div>}</td>;
}

function Changes<T>({
  title,
  changes,
  say,
}: {
  title: string;
  changes: readonly Change<T>[];
  say: (value: T) => string;
}) {
  if (changes.length === 0) return null;
  return (
    <Panel title={title}>
      <div className="scroll">
        <table className="table diff">
          <thead>
            <tr>
              <th className="sign" />
              <th>Name</th>
              <th>Before</th>
              <th>After</th>
            </tr>
          </thead>
          <tbody>
            {changes.map((change) => (
              <tr key={`${change.kind} ${change.name}`} className={change.kind}>
                <td className="sign" aria-label={change.kind}>
                  {SIGNS[change.kind]}
                </td>
                <td>{change.name}</td>
                <Side value={"before" in change ? change.before : undefined} say={say} />
                <Side value={"after" in change ? change.after : undefined} say={say} />
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </Panel>
  );
}

const sayColumn = (column: Column): string =>
  column.type + (column.comment === null || column.comment === "" ? "" : ` — ${column.comment}`);
const sayText = (text: string): string => text;

/** The facts of a definition that are neither columns nor parameters, as key and value. */
function scalars(table: Table): Record<string, string> {
  const facts: Record<string, string | null> = {
    name: table.name,
    database: table.database,
    kind: table.kind,
    location: table.location,
    owner: table.owner,
    format: table.format,
    serde: table.storage.serde.library,
    statement: table.view_original,
  };
  return Object.fromEntries(Object.entries(facts).filter((entry): entry is [string, string] => entry[1] !== null));
}

function Difference({ before, after }: { before: Table | undefined; after: Table }) {
  const columns = diffColumns(before?.columns ?? [], after.columns);
  const keys = diffColumns(before?.partition_keys ?? [], after.partition_keys);
  const facts = diffParameters(before === undefined ? {} : scalars(before), scalars(after));
  const parameters = diffParameters(before?.parameters ?? {}, after.parameters);
  if (columns.length + keys.length + facts.length + parameters.length === 0)
    return (
      <Panel>
        <Empty title="Nothing differs">The definition was written again as it was.</Empty>
      </Panel>
    );
  return (
    <div className="stack">
      <Changes title="Columns" changes={columns} say={sayColumn} />
      <Changes title="Partition keys" changes={keys} say={sayColumn} />
      <Changes title="Definition" changes={facts} say={sayText} />
      <Changes title="Parameters" changes={parameters} say={sayText} />
    </div>
  );
}

function Restore({ table, version }: { table: Table; version: number }) {
  const [asking, setAsking] = useState(false);
  const client = useQueryClient();
  const { fail, tell } = useToast();
  const restore = () =>
    void post<Table>(
      [
        "catalogs",
        table.catalog,
        "databases",
        table.database,
        "tables",
        table.name,
        "versions",
        String(version),
        "rollback",
      ],
      {
        expected_version: table.version,
      },
    ).then((made) => {
      tell(`Version ${made.version} is version ${version} again.`);
      setParams({ version: undefined });
      return client.invalidateQueries({ queryKey: ["catalogs", table.catalog] });
    }, fail);
  return (
    <>
      <button type="button" className="button small" onClick={() => setAsking(true)}>
        Restore version {version}
      </button>
      {asking && (
        <Confirm
          title={`Restore version ${version}?`}
          word={table.name}
          action="Restore"
          onConfirm={restore}
          onClose={() => setAsking(false)}
        >
          The definition becomes what it was in version {version}, as a new version. Files and partitions stay as they
          are.
        </Confirm>
      )}
    </>
  );
}

export function VersionsTab({ table }: { table: Table }) {
  const versions = useVersions(table.catalog, table.database, table.name);
  const items = versions.data?.pages.flatMap((page) => page.items) ?? [];
  const [chosenText, choose] = useParam("version", String(table.version));
  const chosen = Number(chosenText) || table.version;
  const at = items.findIndex((item) => item.version === chosen);
  const run = runPath(items[at]?.via ?? null, items[at]?.run ?? null);
  const older = at < 0 ? undefined : items[at + 1];
  const after = useVersion(table.catalog, table.database, table.name, at < 0 ? null : chosen);
  const before = useVersion(table.catalog, table.database, table.name, older?.version ?? null);
  if (versions.error !== null) return <ErrorNote error={versions.error} />;
  if (versions.isPending)
    return (
      <Panel>
        <Skeleton />
      </Panel>
    );
  if (items.length === 0)
    return (
      <Panel>
        <Empty title="No versions are kept" />
      </Panel>
    );
  return (
    <div className="versions">
      <Panel>
        {items.map((item) => (
          <button
            key={item.version}
            type="button"
            className="version-item"
            aria-current={item.version === chosen}
            onClick={() => choose(String(item.version), true)}
          >
            <span className="row">
              <strong>Version {item.version}</strong>
              <span className="faint">
                <When at={item.at} />
              </span>
            </span>
            <span className="muted">
              {item.by ?? "someone"} through {doorWords(item.via)}
            </span>
          </button>
        ))}
        <More pages={versions} />
      </Panel>
      <div className="stack">
        <div className="row">
          <p className="muted">
            {older === undefined
              ? `Version ${chosen}, the first that is kept: all of it is new.`
              : `What version ${chosen} changed in version ${older.version}.`}
            {run !== null && (
              <>
                {" "}
                It was written by <Link to={href(run)}>{run[0] === "crawls" ? "this crawl" : "this job run"}</Link>.
              </>
            )}
          </p>
          {chosen !== table.version && <Restore table={table} version={chosen} />}
        </div>
        {after.error !== null && <ErrorNote error={after.error} />}
        {after.data !== undefined && (older === undefined || before.data !== undefined) ? (
          <Difference before={before.data?.table} after={after.data.table} />
        ) : (
          after.error === null && (
            <Panel>
              <Skeleton />
            </Panel>
          )
        )}
      </div>
    </div>
  );
}
