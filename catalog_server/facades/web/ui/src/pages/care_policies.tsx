// What a table's properties say of its care: told in words, changed in forms, and taken back by one button.
import { useMutation } from "@tanstack/react-query";
import { type ReactNode, useEffect, useRef, useState } from "react";
import { useAlterTable } from "../api/queries";
import type { CareState, OperationState, Table } from "../api/types";
import { Due } from "../components/basics";
import { Confirm, ErrorNote, useToast } from "../components/feedback";
import { Panel } from "../components/layout";
import { ageWords, everyWords } from "../lib/ages";
import { OPERATIONS, optionWords } from "../lib/care";
import { type PropertyField, RETENTION, changesOf, draftOf, policyFields, problemOf } from "../lib/care_options";
import { OptionInputs } from "./care_fields";

const GC = "gc.enabled";

type Changes = Record<string, string | null>;
type Save = (changes: Changes) => Promise<unknown>;

function Form({
  fields,
  table,
  save,
  onClose,
}: {
  fields: readonly PropertyField[];
  table: Table;
  save: Save;
  onClose: () => void;
}) {
  const [draft, setDraft] = useState(() => draftOf(fields, table.parameters));
  const wrong = fields.some((field) => problemOf(field, draft[field.option] ?? "") !== null);
  const changes = changesOf(fields, draft, table.parameters);
  const form = useRef<HTMLFormElement>(null);
  useEffect(() => form.current?.querySelector("input")?.focus(), []);
  const saving = useMutation({ mutationFn: () => save(changes), onSuccess: onClose });
  return (
    <form
      ref={form}
      className="stack care-policy-form"
      onSubmit={(event) => {
        event.preventDefault();
        if (Object.keys(changes).length === 0) onClose();
        else saving.mutate();
      }}
      onKeyDown={(event) => {
        if (event.key === "Escape") onClose();
      }}
    >
      {saving.error !== null && <ErrorNote error={saving.error} />}
      <OptionInputs fields={fields} draft={draft} onChange={setDraft} />
      <div className="row">
        <button type="submit" className="button primary" disabled={wrong || saving.isPending}>
          Save
        </button>
        <button type="button" className="button" onClick={onClose}>
          Cancel
        </button>
      </div>
    </form>
  );
}

function PolicyWords({ state }: { state: OperationState }) {
  const { policy, problem, due_at: due } = state;
  if (problem !== null) return <span className="state bad">Not done: {problem}</span>;
  if (policy === null) return <span className="muted">Not done by itself.</span>;
  return (
    <span>
      Done by itself {[everyWords(policy.every_ms), ...optionWords(policy.options)].join(", ")};{" "}
      <span className="muted">
        {due === 0 ? (
          "due now"
        ) : (
          <>
            next <Due at={due} />
          </>
        )}
      </span>
    </span>
  );
}

function retentionWords(state: CareState): string {
  const { max_snapshot_age_ms: age, min_snapshots: least, max_ref_age_ms: refs } = state;
  if (age === null || least === null) return "A property history.expire.* is no number, so nothing expires.";
  const newest = least === 1 ? "the newest" : `the newest ${least}`;
  const others = refs === null ? "stay for ever" : `stay for ${ageWords(refs)}`;
  return `Snapshots stay for ${ageWords(age)}, and ${newest} of each branch always; other branches and tags ${others}.`;
}

function Line({
  title,
  fields,
  table,
  save,
  children,
}: {
  title: string;
  fields: readonly PropertyField[];
  table: Table;
  save: Save;
  children: ReactNode;
}) {
  const [editing, setEditing] = useState(false);
  const button = useRef<HTMLButtonElement>(null);
  const wasEditing = useRef(false);
  useEffect(() => {
    if (wasEditing.current && !editing) button.current?.focus();
    wasEditing.current = editing;
  }, [editing]);
  return (
    <li className="care-policy">
      <strong>{title}</strong>
      {editing ? (
        <Form fields={fields} table={table} save={save} onClose={() => setEditing(false)} />
      ) : (
        <>
          <div>{children}</div>
          <button
            ref={button}
            type="button"
            className="button small"
            aria-label={`Change: ${title}`}
            onClick={() => setEditing(true)}
          >
            Change
          </button>
        </>
      )}
    </li>
  );
}

function Deleting({ allowed, table, save }: { allowed: boolean; table: Table; save: Save }) {
  const [asking, setAsking] = useState(false);
  const { fail } = useToast();
  const put = (text: string | null) => void save({ [GC]: text }).catch(fail);
  return (
    <li className="care-policy">
      <strong>Deleting files</strong>
      <div>
        {allowed
          ? "Files that only expired snapshots needed, and orphans, may be deleted."
          : "No file is ever deleted: they may belong to others."}
      </div>
      <button type="button" className="button small" onClick={() => (allowed ? put("false") : setAsking(true))}>
        {allowed ? "Forbid" : "Allow"}
      </button>
      {asking && (
        <Confirm
          title="Let files be deleted?"
          word={table.name}
          action="Allow"
          onConfirm={() => put(null)}
          onClose={() => setAsking(false)}
        >
          Somebody forbade it, perhaps because the files belong to a table of another catalog server, which this one
          cannot see. Dropping the table will delete them too.
        </Confirm>
      )}
    </li>
  );
}

export function Policies({ table, state }: { table: Table; state: CareState }) {
  const alter = useAlterTable(table.catalog, table.database, table.name);
  const { fail, tell } = useToast();
  const [undo, setUndo] = useState<Changes | null>(null);
  const save = async (changes: Changes) => {
    const before = Object.fromEntries(Object.keys(changes).map((key) => [key, table.parameters[key] ?? null]));
    await alter({ parameters: changes });
    setUndo(before);
  };
  const takeBack = (changes: Changes) =>
    void alter({ parameters: changes }).then(() => {
      setUndo(null);
      tell("The properties are as they were.");
    }, fail);
  return (
    <Panel
      title="Policies"
      end={
        <span role="status" className="row">
          {undo !== null && (
            <>
              <span className="state good">saved</span>
              <button type="button" className="button small" onClick={() => takeBack(undo)}>
                Undo
              </button>
            </>
          )}
        </span>
      }
    >
      <ul className="lines">
        {state.operations.map((each) => (
          <Line
            key={each.operation}
            title={OPERATIONS[each.operation].title}
            fields={policyFields(each.operation)}
            table={table}
            save={save}
          >
            <PolicyWords state={each} />
          </Line>
        ))}
        <Line title="Retention" fields={RETENTION} table={table} save={save}>
          {retentionWords(state)}
        </Line>
        <Deleting allowed={state.deletes_files} table={table} save={save} />
      </ul>
    </Panel>
  );
}
