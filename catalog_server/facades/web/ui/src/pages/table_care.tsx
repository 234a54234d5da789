// Care of an Iceberg table: how it stands, what can be done, what its properties ask for, and what was done.
import { useState } from "react";
import { useCareState } from "../api/queries";
import type { CareRun, CareState, Table } from "../api/types";
import { Bytes, Count, Link, When } from "../components/basics";
import { Answer } from "../components/feedback";
import { OPERATIONS } from "../lib/care";
import { setParams, useParam } from "../router";
import { CareCard } from "./care_card";
import { CareHistory } from "./care_history";
import { Policies } from "./care_policies";
import { CareRunPanel, careHref } from "./care_run";

function Glance({ state }: { state: CareState }) {
  const { data_files: files, bytes } = state;
  return (
    <dl className="tiles">
      <div>
        <dt>Snapshots</dt>
        <dd>
          <Count value={state.snapshots} />
        </dd>
        <dd className="aside">
          {state.snapshots === 0 ? (
            "nothing was written yet"
          ) : (
            <>
              the oldest <When at={state.oldest_snapshot_at} />
            </>
          )}
        </dd>
      </div>
      <div>
        <dt>Data files</dt>
        <dd>
          <Count value={files} />
        </dd>
        <dd className="aside">
          {files !== null && files > 0 && bytes !== null && (
            <>
              <Bytes value={Math.round(bytes / files)} /> on average
            </>
          )}
        </dd>
      </div>
      <div>
        <dt>Size</dt>
        <dd>
          <Bytes value={bytes} />
        </dd>
        <dd className="aside">of the newest snapshot</dd>
      </div>
      <div>
        <dt>Rows</dt>
        <dd>
          <Count value={state.rows} />
        </dd>
        <dd className="aside">
          {state.delete_files !== null && state.delete_files > 0 && (
            <>
              <Count value={state.delete_files} /> files of deletes
            </>
          )}
        </dd>
      </div>
      <div>
        <dt>Branches and tags</dt>
        <dd>
          <Count value={state.refs} />
        </dd>
        <dd className="aside">{state.refs > 0 && "with main"}</dd>
      </div>
    </dl>
  );
}

function AtWork({ run, table }: { run: CareRun; table: Table }) {
  return (
    <p className="care-now" role="status">
      <span className="state busy">{OPERATIONS[run.operation].title}</span>
      <span>
        is at work since <When at={run.started_at ?? run.created_at} />, for {run.by ?? "a policy"}. One run at a time
        changes a table.
      </span>
      <Link to={careHref(table, run.id)}>Follow it</Link>
    </p>
  );
}

export function CareTab({ table }: { table: Table }) {
  const state = useCareState(table.catalog, table.database, table.name);
  const [shown] = useParam("run");
  const [begun, setBegun] = useState("");
  const show = (run: CareRun) => {
    setBegun(run.id);
    setParams({ run: run.id }, true);
  };
  return (
    <div className="stack">
      <Answer of={state} lines={6}>
        {(data) => (
          <>
            <Glance state={data} />
            {data.at_work !== null && data.at_work.id !== shown && <AtWork run={data.at_work} table={table} />}
            <div className="care-cards">
              {data.operations.map((each) => (
                <CareCard key={each.operation} table={table} state={data} operation={each} onStarted={show} />
              ))}
            </div>
          </>
        )}
      </Answer>
      {shown !== "" && <CareRunPanel key={shown} id={shown} table={table} begun={begun === shown} onStarted={show} />}
      {state.data !== undefined && <Policies table={table} state={state.data} />}
      <CareHistory table={table} shown={shown} />
    </div>
  );
}
