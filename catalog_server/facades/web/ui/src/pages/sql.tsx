// The SQL page: write, run, watch, read; the statement and the run are in the URL.
import { type Diagnostic, setDiagnostics } from "@codemirror/lint";
import { Prec } from "@codemirror/state";
import { type EditorView, keymap } from "@codemirror/view";
import { useQueryClient } from "@tanstack/react-query";
import { useCallback, useEffect, useMemo, useRef, useState } from "react";
import { ApiError, post, remove } from "../api/client";
import { useCatalogs, useDatabases, useInfo, useQueryRun } from "../api/queries";
import { type ErrorBody, type Query, isFinal } from "../api/types";
import { Empty } from "../components/basics";
import { useToast } from "../components/feedback";
import { Icon } from "../components/icons";
import { useTitle } from "../components/layout";
import { CodeEditor } from "../editor/editor";
import { sqlExtensions } from "../editor/sql";
import { offsetOf, statementAt } from "../lib/statements";
import { setParams, useParam } from "../router";
import { History, ResultBar, Results } from "./sql_results";

/** Longer statements stay out of the URL: servers and browsers cut it. */
const URL_LENGTH_MAX = 6000;

interface Submitted {
  text: string;
  /** Where the text begins in the editor. */
  from: number;
}

function chosen(view: EditorView): Submitted | null {
  const { from, to } = view.state.selection.main;
  const whole = view.state.doc.toString();
  if (from !== to) return { text: whole.slice(from, to), from };
  return statementAt(whole, from);
}

function mark(view: EditorView, error: ErrorBody | null, submitted: Submitted | null): void {
  const diagnostics: Diagnostic[] = [];
  if (error !== null && submitted !== null && error.line !== undefined && error.line !== null) {
    const whole = view.state.doc.toString();
    const start = Math.min(whole.length, submitted.from + offsetOf(submitted.text, error.line, error.column ?? 1));
    const word = /^[\w$"]+/.exec(whole.slice(start))?.[0].length ?? 1;
    const from = Math.min(start, Math.max(0, whole.length - 1));
    diagnostics.push({ from, to: Math.min(whole.length, from + word), severity: "error", message: error.message });
  }
  view.dispatch(setDiagnostics(view.state, diagnostics));
}

function PlacePicker({ catalog, database }: { catalog: string; database: string }) {
  const catalogs = useCatalogs();
  const databases = useDatabases(catalog);
  const names = databases.data?.pages.flatMap((page) => page.items.map((item) => item.name)) ?? [];
  const known = catalogs.data?.items.map((item) => item.name) ?? [catalog];
  return (
    <>
      <select
        className="input"
        aria-label="Catalog"
        value={catalog}
        onChange={(event) => setParams({ catalog: event.target.value, database: undefined })}
      >
        {(known.includes(catalog) ? known : [catalog, ...known]).map((name) => (
          <option key={name}>{name}</option>
        ))}
      </select>
      <select
        className="input"
        aria-label="Database"
        value={database}
        onChange={(event) => setParams({ database: event.target.value })}
      >
        <option value="">no database</option>
        {(database === "" || names.includes(database) ? names : [database, ...names]).map((name) => (
          <option key={name}>{name}</option>
        ))}
      </select>
    </>
  );
}

function useStatement(): [string, (text: string) => void] {
  const [inUrl] = useParam("sql");
  const [text, setText] = useState(inUrl);
  const written = useRef(inUrl);
  useEffect(() => {
    if (inUrl === written.current) return;
    written.current = inUrl;
    setText(inUrl);
  }, [inUrl]);
  useEffect(() => {
    if (text === written.current) return;
    const later = setTimeout(() => {
      written.current = text.length > URL_LENGTH_MAX ? "" : text;
      setParams({ sql: written.current });
    }, 300);
    return () => clearTimeout(later);
  }, [text]);
  return [text, setText];
}

export default function SqlPage() {
  const info = useInfo();
  if (info.isPending) return null;
  return <Workbench home={info.data?.default_catalog ?? "hive"} />;
}

function Workbench({ home }: { home: string }) {
  const [sql, setSql] = useStatement();
  const [catalog] = useParam("catalog", home);
  const [database] = useParam("database");
  const [id] = useParam("id");
  const [panel, setPanel] = useParam("show");
  const [refused, setRefused] = useState<ErrorBody | null>(null);
  const view = useRef<EditorView>(null);
  const submitted = useRef<Submitted | null>(null);
  const place = useRef({ catalog, database });
  place.current = { catalog, database };
  const client = useQueryClient();
  const { fail } = useToast();
  useTitle("SQL");

  const run = useCallback(async () => {
    const editor = view.current;
    const statement = editor === null ? null : chosen(editor);
    if (editor === null || statement === null || statement.text.trim() === "") return;
    submitted.current = statement;
    setRefused(null);
    mark(editor, null, null);
    try {
      const query = await post<Query>(["queries"], {
        sql: statement.text,
        catalog: place.current.catalog,
        ...(place.current.database === "" ? {} : { database: place.current.database }),
      });
      client.setQueryData(["queries", query.id], query);
      setParams(
        {
          id: query.id,
          show: undefined,
          sql: editor.state.doc.length > URL_LENGTH_MAX ? undefined : editor.state.doc.toString(),
        },
        true,
      );
      void client.invalidateQueries({
        queryKey: ["queries"],
        exact: false,
        predicate: (held) => held.queryKey[1] !== query.id,
      });
    } catch (error) {
      if (!(error instanceof ApiError)) return fail(error);
      setRefused(error.body);
      setParams({ id: undefined, show: undefined });
    }
  }, [client, fail]);

  const latest = useRef(run);
  latest.current = run;
  const extensions = useMemo(
    () => [
      Prec.highest(keymap.of([{ key: "Mod-Enter", run: () => (void latest.current(), true) }])),
      ...sqlExtensions(() => place.current),
    ],
    [],
  );
  const query = useQueryRun(id);
  const answer = id === "" ? undefined : query.data;
  const running = answer !== undefined && !isFinal(answer.state);
  const error = refused ?? answer?.error ?? (id !== "" && query.error instanceof ApiError ? query.error.body : null);
  useEffect(() => {
    const editor = view.current;
    if (editor === null) return;
    if (submitted.current === null && answer !== undefined) {
      const from = editor.state.doc.toString().indexOf(answer.sql);
      submitted.current = from < 0 ? null : { text: answer.sql, from };
    }
    mark(editor, error, submitted.current);
  }, [error, answer]);

  const cancel = () => void remove<Query>(["queries", id]).then(() => query.refetch(), fail);
  return (
    <div className="sql">
      <div className="sql-bar">
        {running ? (
          <button type="button" className="button danger" onClick={cancel}>
            <Icon name="stop" /> Cancel
          </button>
        ) : (
          <button type="button" className="button primary" onClick={() => void run()}>
            <Icon name="play" /> Run
          </button>
        )}
        <span className="faint">
          <kbd>Ctrl ⏎</kbd> runs the statement at the cursor
        </span>
        <div className="end">
          <PlacePicker catalog={catalog} database={database} />
          <button
            type="button"
            className="button"
            aria-pressed={panel === "history"}
            onClick={() => setPanel(panel === "history" ? "" : "history", true)}
          >
            <Icon name="clock" /> History
          </button>
        </div>
      </div>
      <div className="sql-editor">
        <CodeEditor
          value={sql}
          onChange={setSql}
          label="SQL statement"
          extensions={extensions}
          onReady={(made) => {
            view.current = made;
          }}
          autoFocus
        />
      </div>
      <ResultBar query={answer} error={error} />
      <div className="sql-result">
        {panel === "history" ? (
          <History
            onPick={(past) => {
              setSql(past.sql);
              setParams({ id: past.id, show: undefined }, true);
            }}
          />
        ) : answer === undefined && error === null ? (
          <Empty title="Nothing has run yet" command={`catalog sql "SHOW SCHEMAS"`}>
            Tables of files, of Iceberg and of connected databases, in one statement. The dialect is Trino's.
          </Empty>
        ) : (
          <Results query={answer} error={error} />
        )}
      </div>
    </div>
  );
}
