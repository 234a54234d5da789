// The start: search, what there is, what happened last, and how to connect.
import { type FormEvent, useMemo, useState } from "react";
import { useCrawls, useEvents, useInfo, useRuns } from "../api/queries";
import type { CatalogEvent, Info } from "../api/types";
import { Count, Empty, FormatBadge, Link, State, When } from "../components/basics";
import { Answer } from "../components/feedback";
import { Icon } from "../components/icons";
import { Panel, useTitle } from "../components/layout";
import { Snippets } from "../components/snippets";
import { eventWords } from "../lib/words";
import { type Visit, recentVisits } from "../lib/recent";
import { serverSnippets } from "../lib/snippets";
import { href, navigate, tableHref } from "../router";

function Hero() {
  const [text, setText] = useState("");
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (text.trim() !== "") navigate(href(["search"], { q: text.trim() }));
  };
  return (
    <form onSubmit={submit} role="search">
      <Icon name="search" />
      <input
        className="input"
        value={text}
        onChange={(event) => setText(event.target.value)}
        placeholder="Find a table, a column, a connection…"
        aria-label="Search everything"
        autoFocus
      />
    </form>
  );
}

const COUNTS: readonly [key: string, one: string, many: string, to: (info: Info) => string][] = [
  ["databases", "database", "databases", (info) => href(["catalogs", info.default_catalog])],
  ["tables", "table", "tables", (info) => href(["catalogs", info.default_catalog])],
  ["views", "view", "views", (info) => href(["catalogs", info.default_catalog])],
  ["connections", "connection", "connections", () => "/connections"],
  ["crawlers", "crawler", "crawlers", () => "/crawlers"],
  ["jobs", "job", "jobs", () => "/jobs"],
];

function Counts({ info }: { info: Info }) {
  return (
    <div className="counts">
      {COUNTS.filter(([key]) => info.counts[key] !== undefined).map(([key, one, many, to]) => (
        <Link key={key} to={to(info)}>
          <strong>
            <Count value={info.counts[key]} />
          </strong>{" "}
          {info.counts[key] === 1 ? one : many}
        </Link>
      ))}
    </div>
  );
}

function Visits({ visits }: { visits: readonly Visit[] }) {
  return (
    <Panel title="Recently opened">
      <ul className="lines">
        {visits.slice(0, 6).map((visit) => (
          <li key={`${visit.catalog}.${visit.database}.${visit.table}`}>
            <Icon name="table" className="faint" />
            <Link className="plain cut" to={tableHref(visit.catalog, visit.database, visit.table)}>
              {visit.table}
            </Link>
            <span className="faint cut">
              {visit.catalog}.{visit.database}
            </span>
            <span className="end">
              <FormatBadge format={visit.format} />
            </span>
          </li>
        ))}
      </ul>
    </Panel>
  );
}

/** The newest change of each table. */
function lastChanges(events: readonly CatalogEvent[]): CatalogEvent[] {
  const seen = new Set<string>();
  return [...events].reverse().filter((event) => {
    if (event.table === null) return false;
    const name = `${event.catalog}.${event.database}.${event.table}`;
    if (seen.has(name)) return false;
    seen.add(name);
    return true;
  });
}

function Changes() {
  const events = useEvents(200);
  return (
    <Panel title="Last changes">
      <Answer of={events}>
        {(page) => {
          const changes = lastChanges(page.items).slice(0, 8);
          if (changes.length === 0)
            return (
              <Empty title="No tables yet" command="catalog demo">
                The demo brings real data in, asks it and changes it.
              </Empty>
            );
          return (
            <ul className="lines">
              {changes.map((event) => (
                <li key={event.number}>
                  {event.kind === "drop_table" ? (
                    <span className="muted cut">
                      <s>{event.table}</s>
                    </span>
                  ) : (
                    <Link
                      className="plain cut"
                      to={tableHref(event.catalog ?? "", event.database ?? "", event.table ?? "")}
                    >
                      {event.table}
                    </Link>
                  )}
                  <span className="faint cut">
                    {event.catalog}.{event.database}
                  </span>
                  <span className="end muted">
                    {eventWords(event.kind)} · <When at={event.at} />
                  </span>
                </li>
              ))}
            </ul>
          );
        }}
      </Answer>
    </Panel>
  );
}

function Crawls() {
  const crawls = useCrawls(undefined, 6);
  return (
    <Panel title="Latest crawls" end={<Link to="/crawlers">All crawlers</Link>}>
      <Answer of={crawls}>
        {(page) =>
          page.items.length === 0 ? (
            <Empty
              title="Nothing was crawled yet"
              command="catalog crawlers create raw --target file:///data/raw --database raw"
            >
              A crawler finds files and database tables and writes them down as tables.
            </Empty>
          ) : (
            <ul className="lines">
              {page.items.map((crawl) => (
                <li key={crawl.id}>
                  <State state={crawl.state} />
                  <Link className="plain cut" to={href(["crawls", crawl.id])}>
                    {crawl.crawler}
                  </Link>
                  <span className="end muted">
                    <When at={crawl.finished_at ?? crawl.started_at ?? crawl.created_at} />
                  </span>
                </li>
              ))}
            </ul>
          )
        }
      </Answer>
    </Panel>
  );
}

function Runs() {
  const runs = useRuns(undefined, 6);
  return (
    <Panel title="Latest job runs" end={<Link to="/jobs">All jobs</Link>}>
      <Answer of={runs}>
        {(page) =>
          page.items.length === 0 ? (
            <Empty title="No job has run yet" command="catalog jobs create daily --script daily.py --engine sail">
              A job is a PySpark script that the server runs and whose tables it registers.
            </Empty>
          ) : (
            <ul className="lines">
              {page.items.map((run) => (
                <li key={run.id}>
                  <State state={run.state} />
                  <Link className="plain cut" to={href(["runs", run.id])}>
                    {run.job}
                  </Link>
                  <span className="faint">{run.engine}</span>
                  <span className="end muted">
                    <When at={run.finished_at ?? run.started_at ?? run.created_at} />
                  </span>
                </li>
              ))}
            </ul>
          )
        }
      </Answer>
    </Panel>
  );
}

export function HomePage() {
  const info = useInfo();
  const visits = useMemo(recentVisits, []);
  useTitle("Home");
  return (
    <div className="page home">
      <section className="hero">
        <h1>What are you looking for?</h1>
        <Hero />
        <Answer of={info} lines={1}>
          {(data) => <Counts info={data} />}
        </Answer>
      </section>
      <div className="halves">
        <div className="stack">
          {visits.length > 0 && <Visits visits={visits} />}
          <Changes />
        </div>
        <div className="stack">
          <Crawls />
          <Runs />
        </div>
      </div>
      <Answer of={info}>
        {(data) => (
          <Panel title="Connect" end={<span className="faint number">version {data.version}</span>} body>
            <Snippets items={serverSnippets(data)} />
          </Panel>
        )}
      </Answer>
    </div>
  );
}
