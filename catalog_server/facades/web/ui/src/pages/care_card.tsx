// One operation of table care: what it does, what there is to do, its options, and a preview of it.
import { useMutation } from "@tanstack/react-query";
import { useId, useState } from "react";
import { useStartCare } from "../api/queries";
import type { CareRun, CareState, OperationState, Table } from "../api/types";
import { Bytes, Count, Due, Link, State, When } from "../components/basics";
import { ErrorNote } from "../components/feedback";
import { Icon } from "../components/icons";
import { ageWords, everyWords } from "../lib/ages";
import { OPERATIONS, adviceOf, optionWords } from "../lib/care";
import { type Draft, OPTIONS, optionsOf, problemOf } from "../lib/care_options";
import { plural } from "../lib/format";
import { OptionInputs } from "./care_fields";
import { careHref } from "./care_run";

const SMALL = 0.75;

/** What there is to be done, as far as the metadata tells. */
function Standing({ state, operation }: { state: CareState; operation: OperationState["operation"] }) {
  if (operation === "remove-orphans") return <>How many there are, a preview tells: it lists the table's folder.</>;
  if (operation === "expire-snapshots") {
    if (state.expiring_snapshots + state.expiring_refs === 0)
      return (
        <>
          {state.snapshots === 0 ? "There are no snapshots" : "None is old enough now"}
          {state.max_snapshot_age_ms !== null && `: snapshots stay for ${ageWords(state.max_snapshot_age_ms)}`}.
        </>
      );
    return (
      <>
        <strong>
          <Count value={state.expiring_snapshots} /> of <Count value={state.snapshots} />
        </strong>{" "}
        {state.snapshots === 1 ? "snapshot" : "snapshots"}
        {state.expiring_refs > 0 && ` and ${plural(state.expiring_refs, "branch or tag", "branches or tags")}`} would
        expire now.
      </>
    );
  }
  const { data_files: files, bytes, target_bytes: target } = state;
  if (files === null || bytes === null || target === null) return <>How many are small, a preview tells.</>;
  if (files === 0) return <>The table holds no files.</>;
  const average = bytes / files;
  return (
    <>
      <strong>
        <Count value={files} />
      </strong>{" "}
      {files === 1 ? "file" : "files"} of <Bytes value={Math.round(average)} />
      {files === 1 ? "" : " on average"}; the aim is <Bytes value={target} />
      {files > 1 && average >= SMALL * target && ", which most reach"}.
    </>
  );
}

function History({ operation, table }: { operation: OperationState; table: Table }) {
  const { policy, due_at: due, last } = operation;
  return (
    <p className="care-past">
      {last === null ? (
        <span>Never done.</span>
      ) : (
        <span className="row">
          Last <When at={last.created_at} />
          <Link to={careHref(table, last.id)}>
            <State state={last.state} />
          </Link>
        </span>
      )}
      {policy !== null && (
        <span title={optionWords(policy.options).join(", ")}>
          By itself {everyWords(policy.every_ms)}, {due === 0 ? "due now" : <Due at={due} />}
        </span>
      )}
    </p>
  );
}

export function CareCard({
  table,
  state,
  operation,
  onStarted,
}: {
  table: Table;
  state: CareState;
  operation: OperationState;
  onStarted: (run: CareRun) => void;
}) {
  const heading = useId();
  const [draft, setDraft] = useState<Draft>({});
  const kind = operation.operation;
  const fields = OPTIONS[kind];
  const begin = useStartCare(table.catalog, table.database, table.name);
  const preview = useMutation({ mutationFn: () => begin(kind, optionsOf(kind, draft), true), onSuccess: onStarted });
  const wrong = fields.some((field) => problemOf(field, draft[field.option] ?? "") !== null);
  const words = optionWords(optionsOf(kind, draft));
  return (
    <section className="panel care-card" aria-labelledby={heading}>
      <header>
        <h2 id={heading}>{OPERATIONS[kind].title}</h2>
      </header>
      <form
        className="body"
        onSubmit={(event) => {
          event.preventDefault();
          preview.mutate();
        }}
      >
        <p className="muted">{OPERATIONS[kind].does}</p>
        {operation.refusal === null ? (
          <p>
            <Standing state={state} operation={kind} />
          </p>
        ) : (
          <div className="notice warn">
            <div>
              Not on this table: {operation.refusal}.<small>{adviceOf(operation.refusal)}</small>
            </div>
          </div>
        )}
        {operation.refusal === null && (
          <details className="care-options">
            <summary>Options{words.length > 0 && <span className="faint">: {words.join(", ")}</span>}</summary>
            <OptionInputs fields={fields} draft={draft} onChange={setDraft} />
          </details>
        )}
        {preview.error !== null && <ErrorNote error={preview.error} />}
        <History operation={operation} table={table} />
        <button
          type="submit"
          className="button"
          disabled={preview.isPending || wrong || operation.refusal !== null}
          aria-label={`Preview ${OPERATIONS[kind].noun}`}
          title="Say what would be done; nothing is changed."
        >
          <Icon name="search" /> Preview
        </button>
      </form>
    </section>
  );
}
