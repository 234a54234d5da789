// Crawlers: the list, and the page of one with its schedule and history.
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { post, remove } from "../api/client";
import { useCrawler, useCrawlers } from "../api/queries";
import type { Crawl, Crawler } from "../api/types";
import { Due, Empty, Link, State, When } from "../components/basics";
import { Answer, Confirm, useToast } from "../components/feedback";
import { Icon } from "../components/icons";
import { Fact, Facts, PageFrame, Panel } from "../components/layout";
import { href, navigate } from "../router";
import { CrawlerEvents } from "./crawler_events";
import { CrawlerHistory } from "./crawler_history";
import { SchedulePanel } from "./schedule";
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
                      <th>Next</th>
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
          <span className="row">
            <Link to={href(["crawls", last.id])}>
              <State state={last.state} />
            </Link>
            <span className="muted">
              <When at={last.finished_at ?? last.started_at ?? last.created_at} />
            </span>
          </span>
        )}
      </td>
      <td className="muted" title={crawler.schedule?.words}>
        {crawler.schedule === null ? (
          <span className="faint">by hand</span>
        ) : crawler.schedule.paused ? (
          <span className="badge">paused</span>
        ) : (
          <Due at={crawler.schedule.next_at} />
        )}
      </td>
      <td className="right">
        <RunNow name={crawler.name} />
      </td>
    </tr>
  );
}

export function CrawlerPage({ name }: { name: string }) {
  const crawler = useCrawler(name);
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
          <Link className="button" to={href(["new-crawler"], { crawler: name })}>
            Edit
          </Link>
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
            <SchedulePanel crawler={data} />
            {data.options.events !== undefined && <CrawlerEvents name={data.name} />}
            <CrawlerHistory name={name} dueAt={data.schedule?.next_at ?? null} />
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
