// What a crawl did to each table, and the way back.
import { useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { post } from "../api/client";
import { useCrawlChanges } from "../api/queries";
import { type Crawl, type TableDifference, isFinal } from "../api/types";
import { Link } from "../components/basics";
import { Answer, Confirm, useToast } from "../components/feedback";
import { Icon } from "../components/icons";
import { More, Panel } from "../components/layout";
import { plural } from "../lib/format";
import { href, navigate, tableHref } from "../router";

const SIGNS = { added: "+", removed: "−", changed: "±" } as const;
const COLUMNS_SHOWN = 12;

/** Whether a crawl can be taken back, as far as its own row tells. */
export const isUndoable = (crawl: Crawl): boolean =>
  isFinal(crawl.state) && !crawl.preview && crawl.undo_of === null && crawl.undone_at === null;

function partitions(of: TableDifference): string[] {
  const counts = { added: of.partitions_added, changed: of.partitions_changed, dropped: of.partitions_dropped };
  return Object.entries(counts)
    .filter(([, count]) => count > 0)
    .map(([what, count]) => `${plural(count, "partition")} ${what}`);
}

function Line({ of }: { of: TableDifference }) {
  const [all, setAll] = useState(of.columns.length <= COLUMNS_SHOWN);
  const shown = all ? of.columns : of.columns.slice(0, COLUMNS_SHOWN);
  const gone = of.undone ? of.what === "added" : of.what === "removed";
  const versions = of.version_before !== null && `version ${of.version_before} → ${of.version_after}`;
  return (
    <section className="stack" aria-label={of.table ?? of.database}>
      <div className="row">
        <span className="sign" aria-label={of.what}>
          {SIGNS[of.what]}
        </span>
        {of.table === null ? (
          <strong>database {of.database}</strong>
        ) : gone ? (
          <strong>{of.table}</strong>
        ) : (
          <Link to={tableHref(of.catalog, of.database, of.table)}>{of.table}</Link>
        )}
        {of.undone && <span className="badge">undone</span>}
        <span className="muted">{[versions, ...partitions(of)].filter(Boolean).join(" · ")}</span>
      </div>
      {shown.length > 0 && (
        <div className="scroll">
          <table className="table diff">
            <thead>
              <tr>
                <th className="sign" />
                <th>Column</th>
                <th>Before</th>
                <th>After</th>
              </tr>
            </thead>
            <tbody>
              {shown.map((column) => {
                const kind = column.before === null ? "added" : column.after === null ? "removed" : "changed";
                return (
                  <tr key={column.name} className={kind}>
                    <td className="sign" aria-label={kind}>
                      {SIGNS[kind]}
                    </td>
                    <td>{column.name}</td>
                    {[column.before, column.after].map((type, at) => (
                      <td key={at}>{type === null ? <span className="faint">—</span> : <div>{type}</div>}</td>
                    ))}
                  </tr>
                );
              })}
            </tbody>
          </table>
        </div>
      )}
      {!all && (
        <button type="button" className="button small" onClick={() => setAll(true)}>
          All {plural(of.columns.length, "column")}
        </button>
      )}
    </section>
  );
}

export function CrawlChanges({ crawl }: { crawl: Crawl }) {
  const changes = useCrawlChanges(crawl.id);
  return (
    <Answer of={changes}>
      {(data) => {
        const items = data.pages.flatMap((page) => page.items);
        return items.length === 0 ? null : (
          <Panel title="What it changed" body>
            <div className="stack">
              {items.map((each) => (
                <Line key={`${each.what} ${each.database}.${each.table}`} of={each} />
              ))}
            </div>
            <More pages={changes} />
          </Panel>
        );
      }}
    </Answer>
  );
}

/** What an undo does, as far as the crawl's changes tell. */
function Consequences({ items }: { items: readonly TableDifference[] }) {
  const left = items.filter((each) => !each.undone && each.table !== null);
  const of = (what: TableDifference["what"]) => left.filter((each) => each.what === what).length;
  const counts: readonly [number, string][] = [
    [of("added"), "it made: dropped again"],
    [of("changed"), "it changed: back to what they were, with their partitions"],
    [of("removed"), "it dropped: back with partitions, statistics and rights"],
  ];
  return (
    <>
      <ul>
        {counts
          .filter(([count]) => count > 0)
          .map(([count, what]) => (
            <li key={what}>
              {plural(count, "table")} {what}.
            </li>
          ))}
      </ul>
      <p>
        Files are not touched. Tables that somebody changed since are left as they are and told. The next crawl finds
        the same again.
      </p>
    </>
  );
}

export function UndoButton({ crawl }: { crawl: Crawl }) {
  const changes = useCrawlChanges(crawl.id);
  const client = useQueryClient();
  const { fail } = useToast();
  const [asking, setAsking] = useState(false);
  const items = changes.data?.pages.flatMap((page) => page.items) ?? [];
  if (!isUndoable(crawl) || !items.some((each) => !each.undone)) return null;
  const undo = () =>
    void post<Crawl>(["crawls", crawl.id, "undo"], {}).then((made) => {
      void client.invalidateQueries({ queryKey: ["crawls"] });
      navigate(href(["crawls", made.id]));
    }, fail);
  return (
    <>
      <button type="button" className="button danger" onClick={() => setAsking(true)}>
        <Icon name="undo" /> Undo
      </button>
      {asking && (
        <Confirm
          title="Undo this crawl?"
          word={crawl.crawler}
          action="Undo crawl"
          onConfirm={undo}
          onClose={() => setAsking(false)}
        >
          <Consequences items={items} />
        </Confirm>
      )}
    </>
  );
}
