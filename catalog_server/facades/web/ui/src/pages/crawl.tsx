// One crawl: how far it is, what it found and why it decided so.
import { useState } from "react";
import { remove } from "../api/client";
import { useCrawl, useCrawler } from "../api/queries";
import { type Crawl, isFinal } from "../api/types";
import { Bytes, Count, Empty, Link, State, Took, When } from "../components/basics";
import { Answer, ErrorNote, useToast } from "../components/feedback";
import { Icon } from "../components/icons";
import { Fact, Facts, PageFrame, Panel } from "../components/layout";
import { ProgressBar } from "../components/progress";
import { cell, plural } from "../lib/format";
import { entryTable, fieldOf, summaryCount } from "../lib/summary";
import { label } from "../lib/words";
import { href, tableHref } from "../router";
import { CrawlChanges, UndoButton } from "./crawl_changes";
import { RunNow } from "./crawlers";

/** What a crawl is called: an undo and a preview are crawls too. */
const kindOf = (crawl: Crawl | undefined): string =>
  crawl?.preview ? "Preview" : crawl !== undefined && crawl.undo_of !== null ? "Undo of a crawl" : "Crawl";

const TABLE_LISTS = ["added", "changed", "logged", "removed", "deprecated", "missing", "unchanged"];
const ENTRIES_SHOWN = 15;
const PROBLEM_LISTS = ["refused", "problems", "errors", "failed"];

export function Progress({ crawl }: { crawl: Crawl }) {
  return (
    <Panel body>
      {crawl.waits_for !== null ? (
        <span className="row muted">
          <Icon name="clock" /> Waits for {crawl.waits_for}.
        </span>
      ) : (
        <ProgressBar label="Crawl progress" progress={crawl.progress} />
      )}
    </Panel>
  );
}

function Tiles({ summary }: { summary: Crawl["summary"] }) {
  const counts = Object.entries(summary)
    .map(([key, value]) => [key, summaryCount(value)] as const)
    .filter((entry): entry is readonly [string, number] => entry[1] !== null);
  if (counts.length === 0) return null;
  return (
    <dl className="tiles">
      {counts.map(([key, value]) => (
        <div key={key}>
          <dt>{label(key)}</dt>
          <dd>{key === "bytes" ? <Bytes value={value} /> : <Count value={value} />}</dd>
        </div>
      ))}
    </dl>
  );
}

/** Why a table was made as it was. */
function Explanation({ of, decisions }: { of: string; decisions: unknown }) {
  const start = `table ${of}: `;
  const said = (Array.isArray(decisions) ? decisions : [])
    .map((each) => fieldOf(each, ["decision"]))
    .find((decision) => decision?.startsWith(start));
  return said === undefined || said === null ? null : <small>{said.slice(start.length)}</small>;
}

function TableList({
  title,
  entries,
  home,
  linked,
  decisions,
}: {
  title: string;
  entries: readonly unknown[];
  decisions: unknown;
  home: { catalog: string; database: string };
  linked: boolean;
}) {
  return (
    <Panel title={title}>
      <ul className="lines">
        {entries.map((entry, at) => {
          const table = entryTable(entry, home.catalog, home.database);
          const why = fieldOf(entry, ["reason", "why", "change", "decision"]);
          const facts =
            typeof entry === "object" && entry !== null
              ? Object.entries(entry).filter(
                  ([key, value]) =>
                    ["format", "partitions", "columns", "files", "objects"].includes(key) && typeof value !== "object",
                )
              : [];
          return (
            <li key={at}>
              <Icon name="table" className="faint" />
              {table === null ? (
                <code>{JSON.stringify(entry)}</code>
              ) : !linked ? (
                <strong>{table.table}</strong>
              ) : (
                <Link className="plain" to={tableHref(table.catalog, table.database, table.table)}>
                  {table.table}
                </Link>
              )}
              <span className="muted why">
                {why}
                {table !== null && <Explanation of={table.table} decisions={decisions} />}
              </span>
              <span className="end faint">
                {facts
                  .map(([key, value]) =>
                    typeof value === "number" ? plural(value, key.replace(/s$/, "")) : String(value),
                  )
                  .join(" · ")}
              </span>
            </li>
          );
        })}
      </ul>
    </Panel>
  );
}

/** Objects with what is said of each; long lists are cut and can be searched. */
function ObjectTable({ title, entries }: { title: string; entries: readonly unknown[] }) {
  const [wanted, setWanted] = useState("");
  const [all, setAll] = useState(false);
  const keys = [
    ...new Set(entries.flatMap((entry) => (typeof entry === "object" && entry !== null ? Object.keys(entry) : []))),
  ];
  const found =
    wanted === ""
      ? entries
      : entries.filter((entry) => JSON.stringify(entry).toLowerCase().includes(wanted.toLowerCase()));
  const shown = all ? found : found.slice(0, ENTRIES_SHOWN);
  return (
    <Panel
      title={title}
      end={
        entries.length > ENTRIES_SHOWN && (
          <input
            className="input"
            type="search"
            aria-label={`Filter ${title.toLowerCase()}`}
            placeholder={`Filter ${plural(entries.length, "line")}`}
            value={wanted}
            onChange={(event) => setWanted(event.target.value)}
          />
        )
      }
    >
      {keys.length === 0 ? (
        <ul className="lines">
          {shown.map((entry, at) => (
            <li key={at}>{String(entry)}</li>
          ))}
        </ul>
      ) : (
        <div className="scroll">
          <table className="table told">
            <thead>
              <tr>
                {keys.map((key) => (
                  <th key={key}>{label(key)}</th>
                ))}
              </tr>
            </thead>
            <tbody>
              {shown.map((entry, at) => (
                <tr key={at}>
                  {keys.map((key, index) => (
                    <td key={key} className={index === 0 ? "mono" : "muted"}>
                      {cell((entry as Record<string, unknown>)[key])}
                    </td>
                  ))}
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
      {shown.length < found.length && (
        <div className="body">
          <button type="button" className="button small" onClick={() => setAll(true)}>
            All {plural(found.length, "line")}
          </button>
        </div>
      )}
      {found.length === 0 && <div className="body muted">Nothing of that kind.</div>}
    </Panel>
  );
}

/** A map of objects under their names as a list of objects. */
function listed(value: unknown): readonly unknown[] {
  if (Array.isArray(value)) return value;
  if (typeof value !== "object" || value === null) return [];
  return Object.entries(value).map(([name, held]) =>
    typeof held === "object" && held !== null && !Array.isArray(held) ? { name, ...held } : { name, what: held },
  );
}

function Summary({ summary, home }: { summary: Crawl["summary"]; home: { catalog: string; database: string } }) {
  const others = Object.entries(summary).filter(
    ([key, value]) => ![...TABLE_LISTS, ...PROBLEM_LISTS].includes(key) && listed(value).length > 0,
  );
  return (
    <div className="stack">
      <Tiles summary={summary} />
      {PROBLEM_LISTS.map((key) => {
        const entries = listed(summary[key]);
        return entries.length > 0 && <ObjectTable key={key} title={label(key)} entries={entries} />;
      })}
      {TABLE_LISTS.map((key) => {
        const entries = summary[key];
        return (
          Array.isArray(entries) &&
          entries.length > 0 && (
            <TableList
              key={key}
              title={label(key)}
              entries={entries}
              home={home}
              linked={key !== "added" || summary.preview !== true}
              decisions={summary.decisions}
            />
          )
        );
      })}
      {others.map(([key, value]) => (
        <ObjectTable key={key} title={label(key)} entries={listed(value)} />
      ))}
    </div>
  );
}

export function Found({ crawl }: { crawl: Crawl }) {
  const crawler = useCrawler(crawl.crawler);
  const home = { catalog: crawler.data?.catalog ?? "hive", database: crawler.data?.database ?? "" };
  if (Object.keys(crawl.summary).length === 0)
    return crawl.state === "SUCCEEDED" ? (
      <Panel>
        <Empty title="Its lists are not kept any more">Only those of a crawler's newest hundred crawls are.</Empty>
      </Panel>
    ) : null;
  return <Summary summary={crawl.summary} home={home} />;
}

export function CrawlPage({ id }: { id: string }) {
  const crawl = useCrawl(id);
  const { fail } = useToast();
  const running = crawl.data !== undefined && !isFinal(crawl.data.state);
  const name = crawl.data?.crawler;
  return (
    <PageFrame
      title={name === undefined ? "Crawl" : `${kindOf(crawl.data)} of ${name}`}
      crumbs={[
        { label: "Crawlers", to: "/crawlers" },
        ...(name === undefined ? [] : [{ label: name, to: href(["crawlers", name]) }]),
      ]}
      badges={
        crawl.data !== undefined && (
          <>
            <State state={crawl.data.state} />
            {crawl.data.undone_at !== null && <span className="badge">undone</span>}
          </>
        )
      }
      actions={
        !running ? (
          crawl.data !== undefined && <UndoButton crawl={crawl.data} />
        ) : (
          <button
            type="button"
            className="button danger"
            onClick={() => void remove(["crawls", id]).then(() => crawl.refetch(), fail)}
          >
            <Icon name="stop" /> Cancel
          </button>
        )
      }
    >
      <Answer of={crawl}>
        {(data) => (
          <div className="stack">
            <Facts>
              <Fact label="Started">
                <When at={data.started_at} missing="not yet" />
              </Fact>
              <Fact label={running ? "Running for" : "Took"}>
                <Took from={data.started_at} to={data.finished_at} running={running} />
              </Fact>
              <Fact label="Started by">
                {data.started_by === "person" ? (data.by ?? <span className="faint">unknown</span>) : data.started_by}
                {data.due_at !== null && (
                  <span className="muted">
                    for <When at={data.due_at} />
                  </span>
                )}
              </Fact>
              {data.undo_of !== null && (
                <Fact label="Undoes">
                  <Link to={href(["crawls", data.undo_of])}>the crawl</Link>
                </Fact>
              )}
              {data.undone_at !== null && (
                <Fact label="Undone">
                  <When at={data.undone_at} /> by {data.undone_by}
                </Fact>
              )}
              <Fact label="Id">
                <code>{data.id}</code>
              </Fact>
            </Facts>
            {data.preview && (
              <Panel body>
                <div className="row">
                  <span>Nothing is written by a preview: this is what a crawl would do now.</span>
                  {isFinal(data.state) && <RunNow name={data.crawler} />}
                </div>
              </Panel>
            )}
            {data.error !== null && <ErrorNote error={new Error(data.error)} />}
            {running && <Progress crawl={data} />}
            {!running && !data.preview && data.undo_of === null && <CrawlChanges crawl={data} />}
            <Found crawl={data} />
          </div>
        )}
      </Answer>
    </PageFrame>
  );
}
