// What was done for a table, and what was tried: newest first.
import { useCareRuns } from "../api/queries";
import { type CareRun, type Table, isFinal } from "../api/types";
import { Empty, Link, State, Took, When } from "../components/basics";
import { Answer } from "../components/feedback";
import { Icon } from "../components/icons";
import { More, Panel } from "../components/layout";
import { OPERATIONS, outcomeOf } from "../lib/care";
import { careHref } from "./care_run";

function Line({ run, table, current }: { run: CareRun; table: Table; current: boolean }) {
  const said = run.state === "SUCCEEDED" ? outcomeOf(run) : run.error;
  return (
    <tr aria-current={current ? "true" : undefined}>
      <td>
        <span className="row">
          <Link to={careHref(table, run.id)}>{OPERATIONS[run.operation].title}</Link>
          {run.dry_run && <span className="badge">preview</span>}
        </span>
      </td>
      <td>
        <State state={run.state} />
      </td>
      <td className="muted">
        <When at={run.started_at ?? run.created_at} />
      </td>
      <td className="muted">
        {run.by ?? (
          <span className="row" title="The table's properties ask for it">
            <Icon name="clock" className="faint" /> policy
          </span>
        )}
      </td>
      <td className="right">
        <Took from={run.started_at} to={run.finished_at} running={!isFinal(run.state)} />
      </td>
      <td className="care-said muted">{said ?? <span className="faint">—</span>}</td>
    </tr>
  );
}

export function CareHistory({ table, shown }: { table: Table; shown: string }) {
  const runs = useCareRuns(table.catalog, table.database, table.name);
  return (
    <Panel title="History">
      <Answer of={runs}>
        {(data) => {
          const items = data.pages.flatMap((page) => page.items);
          return items.length === 0 ? (
            <Empty
              title="Nothing was done for this table yet"
              command={`catalog care expire-snapshots ${table.database}.${table.name} --dry-run`}
            >
              Preview an operation above, let a policy do it, or use the command line:
            </Empty>
          ) : (
            <>
              <div className="scroll">
                <table className="table care-history">
                  <thead>
                    <tr>
                      <th>What</th>
                      <th>State</th>
                      <th>When</th>
                      <th>By</th>
                      <th className="right">Took</th>
                      <th>Outcome</th>
                    </tr>
                  </thead>
                  <tbody>
                    {items.map((run) => (
                      <Line key={run.id} run={run} table={table} current={run.id === shown} />
                    ))}
                  </tbody>
                </table>
              </div>
              <More pages={runs} />
            </>
          );
        }}
      </Answer>
    </Panel>
  );
}
