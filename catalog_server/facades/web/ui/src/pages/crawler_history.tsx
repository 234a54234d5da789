// What became of each crawl of a crawler, and of each time that was skipped.
import { useHistory } from "../api/queries";
import { type PastCrawl, isFinal } from "../api/types";
import { Count, Empty, Link, State, Took, When } from "../components/basics";
import { Answer } from "../components/feedback";
import { Icon } from "../components/icons";
import { More, Panel } from "../components/layout";
import { exact } from "../lib/format";
import { href } from "../router";

const STARTERS = { person: null, schedule: "clock", events: "connection" } as const;

/** Counts with their signs: `+3 ±1 −2`. */
function Changed({ added, changed, gone }: { added: number; changed: number; gone: number }) {
  const counts: readonly [string, number, string][] = [
    ["+", added, "added"],
    ["±", changed, "changed"],
    ["−", gone, "gone"],
  ];
  const some = counts.filter(([, count]) => count > 0);
  if (some.length === 0) return <span className="faint">—</span>;
  return (
    <span className="signs number">
      {some.map(([sign, count, word]) => (
        <span key={word} className={word} title={`${exact(count)} ${word}`}>
          {sign}
          {exact(count)}
        </span>
      ))}
    </span>
  );
}

function Said({ crawl }: { crawl: PastCrawl }) {
  const said = crawl.waits_for !== null ? `waits for ${crawl.waits_for}` : crawl.error;
  return said === null ? null : (
    <div className="said muted" title={said}>
      {said}
    </div>
  );
}

function Line({ crawl }: { crawl: PastCrawl }) {
  const badges = [crawl.preview && "preview", crawl.undo_of !== null && "undo", crawl.undone_at !== null && "undone"];
  const starter = STARTERS[crawl.started_by];
  const problems = crawl.problems + crawl.tables_refused;
  return (
    <tr>
      <td>
        <span className="row">
          <Link to={href(["crawls", crawl.id])}>
            <State state={crawl.state} />
          </Link>
          {badges.map(
            (said) =>
              said && (
                <span key={said} className="badge">
                  {said}
                </span>
              ),
          )}
        </span>
        <Said crawl={crawl} />
      </td>
      <td className="muted">
        <When at={crawl.started_at ?? crawl.due_at ?? crawl.created_at} />
      </td>
      <td className="muted">
        <span className="row" title={`Started by ${crawl.started_by}`}>
          {starter !== null && <Icon name={starter} className="faint" />}
          {crawl.started_by === "person" ? crawl.by : crawl.started_by}
        </span>
      </td>
      <td className="right">
        <Took from={crawl.started_at} to={crawl.finished_at} running={!isFinal(crawl.state)} />
      </td>
      <td>
        <Changed added={crawl.tables_added} changed={crawl.tables_changed} gone={crawl.tables_removed} />
      </td>
      <td>
        <Changed added={crawl.partitions_added} changed={crawl.partitions_changed} gone={crawl.partitions_dropped} />
      </td>
      <td className="right">
        {crawl.objects > 0 ? <Count value={crawl.objects} /> : <span className="faint">—</span>}
      </td>
      <td className="right">
        {problems > 0 ? <span className="state bad">{exact(problems)}</span> : <span className="faint">—</span>}
      </td>
    </tr>
  );
}

export function CrawlerHistory({ name, dueAt }: { name: string; dueAt: number | null }) {
  const history = useHistory(name, dueAt);
  return (
    <Panel title="History">
      <Answer of={history}>
        {(data) => {
          const items = data.pages.flatMap((page) => page.items);
          return items.length === 0 ? (
            <Empty title="It has not run yet" command={`catalog crawlers run ${name} --wait`} />
          ) : (
            <>
              <div className="scroll">
                <table className="table">
                  <thead>
                    <tr>
                      <th>State</th>
                      <th>When</th>
                      <th>Started by</th>
                      <th className="right">Took</th>
                      <th>Tables</th>
                      <th>Partitions</th>
                      <th className="right">Files</th>
                      <th className="right">Problems</th>
                    </tr>
                  </thead>
                  <tbody>
                    {items.map((crawl) => (
                      <Line key={crawl.id} crawl={crawl} />
                    ))}
                  </tbody>
                </table>
              </div>
              <More pages={history} />
            </>
          );
        }}
      </Answer>
    </Panel>
  );
}
