// Crawlers: the list, the form that makes one, and the page of one with its crawls.
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { post, remove } from "../api/client";
import { useCatalogs, useConnections, useCrawler, useCrawlers, useCrawls, useDatabases, useInfo } from "../api/queries";
import type { Crawl, Crawler } from "../api/types";
import { Empty, Link, State, Took, When } from "../components/basics";
import { Answer, Confirm, ErrorNote, useToast } from "../components/feedback";
import { SelectField, TextField } from "../components/forms";
import { Icon } from "../components/icons";
import { Fact, Facts, PageFrame, Panel } from "../components/layout";
import { isFinal } from "../api/types";
import { linesOf, pairsOf } from "../lib/lines";
import { summaryCount } from "../lib/summary";
import { href, navigate, useParam } from "../router";
import { CrawlerEvents } from "./crawler_events";
import { KeyValues } from "./table_facts";

function useStartCrawl(name: string) {
  const client = useQueryClient();
  const { fail } = useToast();
  return useMutation({
    mutationFn: (preview: boolean) => post<Crawl>(["crawlers", name, "crawls"], { preview }),
    onSuccess: (crawl) => {
      void client.invalidateQueries({ queryKey: ["crawls"] });
      void client.invalidateQueries({ queryKey: ["crawlers"] });
      navigate(href(["crawls", crawl.id]));
    },
    onError: fail,
  });
}

function Preview({ name }: { name: string }) {
  const start = useStartCrawl(name);
  return (
    <button
      type="button"
      className="button"
      disabled={start.isPending}
      onClick={() => start.mutate(true)}
      title="Look at everything and tell what would change; nothing is written."
    >
      <Icon name="search" /> Preview
    </button>
  );
}

export function RunNow({ name, primary = false }: { name: string; primary?: boolean }) {
  const start = useStartCrawl(name);
  return (
    <button
      type="button"
      className={primary ? "button primary" : "button small"}
      disabled={start.isPending}
      onClick={() => start.mutate(false)}
      aria-label={`Run ${name} now`}
    >
      <Icon name="play" /> Run now
    </button>
  );
}

export function CrawlersPage() {
  const crawlers = useCrawlers();
  return (
    <PageFrame
      title="Crawlers"
      lede="A crawler looks at files or a connected database, decides which tables they are, and writes them into the catalog."
      actions={
        <Link className="button primary" to="/new-crawler">
          <Icon name="plus" /> New crawler
        </Link>
      }
    >
      <Panel>
        <Answer of={crawlers}>
          {(page) =>
            page.items.length === 0 ? (
              <Empty
                title="No crawlers yet"
                command="catalog crawlers create raw --target file:///data/raw --database raw"
              >
                Make one here, or on the command line:
              </Empty>
            ) : (
              <div className="scroll">
                <table className="table">
                  <thead>
                    <tr>
                      <th>Name</th>
                      <th>Targets</th>
                      <th>Writes to</th>
                      <th>Last crawl</th>
                      <th />
                      <th />
                    </tr>
                  </thead>
                  <tbody>
                    {page.items.map((crawler) => (
                      <CrawlerLine key={crawler.name} crawler={crawler} />
                    ))}
                  </tbody>
                </table>
              </div>
            )
          }
        </Answer>
      </Panel>
    </PageFrame>
  );
}

function CrawlerLine({ crawler }: { crawler: Crawler }) {
  const last = crawler.last_crawl;
  return (
    <tr>
      <td className="name">
        <Link to={href(["crawlers", crawler.name])}>{crawler.name}</Link>
      </td>
      <td className="mono muted">
        {crawler.targets.map((target) => (
          <div key={target} className="cut">
            {target}
          </div>
        ))}
      </td>
      <td>
        <Link to={href(["catalogs", crawler.catalog, crawler.database])}>{crawler.database}</Link>
      </td>
      <td>
        {last === null ? (
          <span className="faint">never</span>
        ) : (
          <Link to={href(["crawls", last.id])}>
            <State state={last.state} />
          </Link>
        )}
      </td>
      <td className="muted">{last !== null && <When at={last.finished_at ?? last.started_at ?? last.created_at} />}</td>
      <td className="right">
        <RunNow name={crawler.name} />
      </td>
    </tr>
  );
}

export function NewCrawlerPage() {
  const info = useInfo();
  const catalogs = useCatalogs();
  const connections = useConnections();
  const [target] = useParam("target");
  const [name, setName] = useState("");
  const [targets, setTargets] = useState(target);
  const [catalog, setCatalog] = useState("");
  const [database, setDatabase] = useState("");
  const [prefix, setPrefix] = useState("");
  const [comment, setComment] = useState("");
  const [options, setOptions] = useState("");
  const home = catalog === "" ? (info.data?.default_catalog ?? "hive") : catalog;
  const databases = useDatabases(home);
  const client = useQueryClient();
  const create = useMutation({
    mutationFn: () =>
      post<Crawler>(["crawlers"], {
        name: name.trim(),
        targets: linesOf(targets),
        catalog: home,
        database: database.trim(),
        table_prefix: prefix.trim(),
        options: pairsOf(options),
        ...(comment.trim() === "" ? {} : { comment: comment.trim() }),
      }),
    onSuccess: (crawler) => {
      void client.invalidateQueries({ queryKey: ["crawlers"] });
      void client.invalidateQueries({ queryKey: ["info"] });
      navigate(href(["crawlers", crawler.name]));
    },
  });
  const names = connections.data?.items.map((connection) => connection.name) ?? [];
  return (
    <PageFrame title="New crawler" crumbs={[{ label: "Crawlers", to: "/crawlers" }]}>
      <form
        className="form"
        onSubmit={(event) => {
          event.preventDefault();
          create.mutate();
        }}
      >
        {create.error !== null && <ErrorNote error={create.error} />}
        <TextField label="Name" value={name} onChange={setName} required autoFocus placeholder="raw" />
        <TextField
          label="Targets"
          value={targets}
          onChange={setTargets}
          required
          mono
          rows={3}
          placeholder={"s3://bucket/raw/\nfile:///data/raw\nconnection:sales/public/%"}
          hint={
            <>
              One a line: a folder of files, or tables of a connection
              {names.length > 0 && <> ({names.map((each) => `connection:${each}/…`).join(", ")})</>}.
            </>
          }
        />
        <div className="columns-2">
          {(catalogs.data?.items.length ?? 0) > 1 && (
            <SelectField
              label="Catalog"
              value={home}
              onChange={setCatalog}
              options={catalogs.data?.items.map((each) => each.name) ?? []}
            />
          )}
          <TextField
            label="Database"
            value={database}
            onChange={setDatabase}
            required
            placeholder="raw"
            list={databases.data?.pages.flatMap((page) => page.items.map((each) => each.name)) ?? []}
            hint="Made if it is not there."
          />
          <TextField
            label="Table prefix"
            value={prefix}
            onChange={setPrefix}
            placeholder="none"
            hint="Put before each table's name."
          />
        </div>
        <TextField label="Comment" value={comment} onChange={setComment} />
        <details>
          <summary className="muted">Options</summary>
          <TextField
            label="Options"
            value={options}
            onChange={setOptions}
            mono
            rows={3}
            placeholder="key = value"
            hint="One a line."
          />
        </details>
        <div className="row">
          <button type="submit" className="button primary" disabled={create.isPending}>
            Create crawler
          </button>
          <Link className="button" to="/crawlers">
            Cancel
          </Link>
        </div>
      </form>
    </PageFrame>
  );
}

export function CrawlTable({ crawls }: { crawls: readonly Crawl[] }) {
  return (
    <div className="scroll">
      <table className="table">
        <thead>
          <tr>
            <th>State</th>
            <th>Started</th>
            <th className="right">Took</th>
            <th className="right">Added</th>
            <th className="right">Changed</th>
            <th className="right">Problems</th>
            <th>By</th>
          </tr>
        </thead>
        <tbody>
          {crawls.map((crawl) => (
            <tr key={crawl.id}>
              <td>
                <Link to={href(["crawls", crawl.id])}>
                  <State state={crawl.state} />
                </Link>
                {[
                  crawl.preview && "preview",
                  crawl.undo_of !== null && "undo",
                  crawl.undone_at !== null && "undone",
                ].map(
                  (said) =>
                    said && (
                      <span key={said}>
                        {" "}
                        <span className="badge">{said}</span>
                      </span>
                    ),
                )}
              </td>
              <td className="muted">
                <When at={crawl.started_at ?? crawl.created_at} missing="waiting" />
              </td>
              <td className="right">
                <Took from={crawl.started_at} to={crawl.finished_at} running={!isFinal(crawl.state)} />
              </td>
              {["added", "changed", "problems"].map((key) => (
                <td key={key} className="right number">
                  {summaryCount(crawl.summary[key]) ?? <span className="faint">—</span>}
                </td>
              ))}
              <td className="muted">{crawl.by}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

export function CrawlerPage({ name }: { name: string }) {
  const crawler = useCrawler(name);
  const crawls = useCrawls(name);
  const client = useQueryClient();
  const { fail, tell } = useToast();
  const [asking, setAsking] = useState(false);
  const drop = () =>
    void remove(["crawlers", name]).then(() => {
      navigate("/crawlers");
      void client.invalidateQueries({ queryKey: ["crawlers"] });
      tell(`Crawler ${name} is gone; its tables stay.`);
    }, fail);
  return (
    <PageFrame
      title={name}
      crumbs={[{ label: "Crawlers", to: "/crawlers" }]}
      badges={<span className="badge">crawler</span>}
      lede={crawler.data?.comment}
      actions={
        <>
          <button type="button" className="button danger" onClick={() => setAsking(true)}>
            Delete
          </button>
          <Preview name={name} />
          <RunNow name={name} primary />
        </>
      }
    >
      <Answer of={crawler}>
        {(data) => (
          <div className="stack">
            <Facts>
              <Fact label="Targets">
                <div className="mono">
                  {data.targets.map((target) => (
                    <div key={target}>{target}</div>
                  ))}
                </div>
              </Fact>
              <Fact label="Writes to">
                <Link to={href(["catalogs", data.catalog, data.database])}>
                  {data.catalog}.{data.database}
                </Link>
              </Fact>
              {data.table_prefix !== "" && (
                <Fact label="Table prefix">
                  <code>{data.table_prefix}</code>
                </Fact>
              )}
              <Fact label="Created">
                <When at={data.created_at} />
              </Fact>
            </Facts>
            <KeyValues title="Options" values={data.options} />
            {data.options.events !== undefined && <CrawlerEvents name={data.name} />}
            <Panel title="Crawls">
              <Answer of={crawls}>
                {(page) =>
                  page.items.length === 0 ? (
                    <Empty title="It has not run yet" command={`catalog crawlers run ${name} --wait`} />
                  ) : (
                    <CrawlTable crawls={page.items} />
                  )
                }
              </Answer>
            </Panel>
          </div>
        )}
      </Answer>
      {asking && (
        <Confirm
          title={`Delete the crawler ${name}?`}
          word={name}
          action="Delete crawler"
          onConfirm={drop}
          onClose={() => setAsking(false)}
        >
          The tables it has written stay.
        </Confirm>
      )}
    </PageFrame>
  );
}
