// One run of table care, or a preview of it: how far it is, what it did or would do, and what can be done next.
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useEffect, useId, useRef, useState } from "react";
import { ApiError, remove } from "../api/client";
import { useCareRun, useStartCare } from "../api/queries";
import { type CareRun, FILE_KINDS, type Table, isFinal } from "../api/types";
import { Bytes, Count, Link, State, Took, When } from "../components/basics";
import { Answer, Confirm, ErrorNote, useToast } from "../components/feedback";
import { Icon } from "../components/icons";
import { ProgressBar } from "../components/progress";
import { KINDS, actionOf, adviceOf, isIdle, optionWords, outcomeOf, runTitle } from "../lib/care";
import { plural } from "../lib/format";
import { setParams, tableHref } from "../router";

/** Where a run of a table's care is shown. */
export const careHref = (table: Table, run: string): string =>
  tableHref(table.catalog, table.database, table.name, { tab: "care", run });

function Kinds({ run }: { run: CareRun }) {
  const { summary } = run;
  const kinds = FILE_KINDS.flatMap((kind) => {
    const amount = summary[kind];
    return amount === undefined ? [] : [{ kind, ...amount }];
  });
  if (kinds.length === 0) return null;
  return (
    <div className="scroll">
      <table className="table care-kinds">
        <thead>
          <tr>
            <th>{run.dry_run ? "Files that would be deleted" : "Deleted files"}</th>
            <th className="right">Files</th>
            <th className="right">Size</th>
          </tr>
        </thead>
        <tbody>
          {kinds.map(({ kind, files, bytes }) => (
            <tr key={kind}>
              <td>{KINDS[kind]}</td>
              <td className="right">
                <Count value={files} />
              </td>
              <td className="right">
                <Bytes value={bytes} />
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

function Sample({ run, folder }: { run: CareRun; folder: string | null }) {
  const { sample = [], files = 0 } = run.summary;
  if (sample.length === 0) return null;
  const start = folder === null ? "" : `${folder.replace(/\/$/, "")}/`;
  return (
    <details className="care-sample">
      <summary>
        {sample.length < files ? `The first ${sample.length} of ${plural(files, "file")}` : "The files"}
      </summary>
      <ul>
        {sample.map((location) => (
          <li key={location} className="mono" title={location}>
            {start !== "" && location.startsWith(start) ? location.slice(start.length) : location}
          </li>
        ))}
      </ul>
    </details>
  );
}

/** What else there is to know of what was, or would be, done. */
function notesOf(run: CareRun): string[] {
  const { summary, operation } = run;
  const notes: string[] = [];
  if (operation === "rewrite" && !isIdle(run)) {
    notes.push(
      `They hold ${plural(summary.rows ?? 0, "row")}. Nothing is freed by that: the old files go when the snapshots that use them expire.`,
    );
  }
  if (summary.seen !== undefined) notes.push(`${plural(summary.seen, "file")} in the table's folder were looked at.`);
  if ((summary.spared ?? 0) > 0)
    notes.push(`${plural(summary.spared ?? 0, "file")} spared: other tables need them, or they lie in their folders.`);
  if (summary.unread !== undefined && summary.unread.length > 0)
    notes.push(`The files of ${summary.unread.join(", ")} could not be told; their folders were spared.`);
  return notes;
}

/** What there is to say of a run now; said aloud when it changes. */
function Said({ run }: { run: CareRun }) {
  return (
    <div role="status">
      {run.state === "QUEUED" && <p className="muted">It waits its turn: two runs are done at a time.</p>}
      {run.state === "CANCELLED" && <p>It was cancelled. What it had done stays done; it is safe to run it again.</p>}
      {run.state === "SUCCEEDED" && (
        <>
          <p className="care-outcome">{outcomeOf(run)}</p>
          {notesOf(run).map((note) => (
            <p key={note} className="muted">
              {note}
            </p>
          ))}
        </>
      )}
    </div>
  );
}

function Outcome({ run, folder }: { run: CareRun; folder: string | null }) {
  return (
    <>
      <Kinds run={run} />
      <Sample run={run} folder={folder} />
    </>
  );
}

function StartError({ error, table }: { error: Error; table: Table }) {
  const other =
    error instanceof ApiError && error.status === 409 ? /\brun ([\w-]+)/.exec(error.message)?.[1] : undefined;
  return (
    <div className="stack">
      <ErrorNote error={error} />
      {other !== undefined && (
        <p>
          <Link to={careHref(table, other)}>Follow that run</Link>, and try again when it has ended.
        </p>
      )}
    </div>
  );
}

/** The buttons below a run that has ended. */
function Next({ run, table, onStarted }: { run: CareRun; table: Table; onStarted: (run: CareRun) => void }) {
  const begin = useStartCare(table.catalog, table.database, table.name);
  const [asking, setAsking] = useState(false);
  const start = useMutation({
    mutationFn: (dryRun: boolean) => begin(run.operation, run.options, dryRun),
    onSuccess: onStarted,
  });
  const ready = run.dry_run && run.state === "SUCCEEDED" && !isIdle(run);
  const go = () => (run.options.force === true ? setAsking(true) : start.mutate(false));
  return (
    <div className="stack">
      {start.error !== null && <StartError error={start.error} table={table} />}
      <div className="row">
        {ready && (
          <button type="button" className="button primary" disabled={start.isPending} onClick={go}>
            <Icon name="play" /> {actionOf(run)}
          </button>
        )}
        <button type="button" className="button" disabled={start.isPending} onClick={() => start.mutate(true)}>
          Preview again
        </button>
        {ready && (
          <span className="muted">
            A preview changes nothing. The run plans anew: what changes meanwhile is taken into account.
          </span>
        )}
      </div>
      {asking && (
        <Confirm
          title="Delete files younger than an hour?"
          word={table.name}
          action={actionOf(run)}
          onConfirm={() => start.mutate(false)}
          onClose={() => setAsking(false)}
        >
          Files of a writer that is at work are not referred to yet, and would be lost. Go on only if nobody writes the
          table.
        </Confirm>
      )}
    </div>
  );
}

function Body({ run, table, onStarted }: { run: CareRun; table: Table; onStarted: (run: CareRun) => void }) {
  const options = optionWords(run.options);
  return (
    <div className="stack">
      <p className="muted care-facts">
        <span>
          {run.started_at === null ? "Asked for " : "Begun "}
          <When at={run.started_at ?? run.created_at} /> by {run.by ?? "a policy"}
        </span>
        {run.started_at !== null && (
          <span>
            {isFinal(run.state) ? "took " : "for "}
            <Took from={run.started_at} to={run.finished_at} running={!isFinal(run.state)} />
          </span>
        )}
        {options.length > 0 && <span>{options.join(", ")}</span>}
      </p>
      {run.error !== null && (
        <>
          <ErrorNote error={new Error(run.error)} />
          <p>{adviceOf(run.error)}</p>
        </>
      )}
      <Said run={run} />
      {run.state === "RUNNING" && <ProgressBar label={runTitle(run)} progress={run.progress} />}
      {run.state === "SUCCEEDED" && <Outcome run={run} folder={table.location} />}
      {isFinal(run.state) && <Next run={run} table={table} onStarted={onStarted} />}
    </div>
  );
}

export function CareRunPanel({
  id,
  table,
  begun,
  onStarted,
}: {
  id: string;
  table: Table;
  /** Whether it was started in this page, so that the eye is led to it. */
  begun: boolean;
  onStarted: (run: CareRun) => void;
}) {
  const heading = useId();
  const run = useCareRun(id);
  const client = useQueryClient();
  const { fail, tell } = useToast();
  const panel = useRef<HTMLElement>(null);
  const waited = useRef(false);
  const state = run.data?.state;
  useEffect(() => {
    if (!begun) return;
    panel.current?.scrollIntoView({ block: "nearest" });
    panel.current?.focus({ preventScroll: true });
  }, [begun]);
  useEffect(() => {
    if (state === undefined) return;
    if (!isFinal(state)) waited.current = true;
    else if (waited.current || begun) void client.invalidateQueries({ queryKey: ["catalogs", table.catalog] });
  }, [state, begun, client, table.catalog]);
  const close = () => {
    setParams({ run: undefined });
    document.getElementById("main")?.focus({ preventScroll: true });
  };
  const cancel = () =>
    void remove(["care-runs", id]).then(() => {
      tell("It stops soon; what it has done stays done.");
      return run.refetch();
    }, fail);
  return (
    <section className="panel care-run" ref={panel} tabIndex={-1} aria-labelledby={heading}>
      <header>
        <h2 id={heading}>{run.data === undefined ? "Run" : runTitle(run.data)}</h2>
        {state !== undefined && <State state={state} />}
        <div className="end">
          {state !== undefined && !isFinal(state) && (
            <button type="button" className="button small danger" onClick={cancel}>
              <Icon name="stop" /> Cancel
            </button>
          )}
          <button type="button" className="button small" onClick={close}>
            Close
          </button>
        </div>
      </header>
      <div className="body">
        <Answer of={run}>{(data) => <Body run={data} table={table} onStarted={onStarted} />}</Answer>
      </div>
    </section>
  );
}
