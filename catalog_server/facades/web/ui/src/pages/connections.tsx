// Connections: the list, the form, the page of one with its test.
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { post, remove } from "../api/client";
import { useConnection, useConnections } from "../api/queries";
import type { Connection, ConnectionTest } from "../api/types";
import { Copy, Empty, Link, When } from "../components/basics";
import { Answer, Confirm, ErrorNote, useToast } from "../components/feedback";
import { SelectField, TextField } from "../components/forms";
import { Icon } from "../components/icons";
import { Fact, Facts, PageFrame, Panel } from "../components/layout";
import { duration } from "../lib/format";
import { linesOf, pairsOf } from "../lib/lines";
import { href, navigate } from "../router";
import { KeyValues } from "./table_facts";

function TestButton({ name, primary = false }: { name: string; primary?: boolean }) {
  const test = useMutation({ mutationFn: () => post<ConnectionTest>(["connections", name, "test"]) });
  return (
    <span className="row">
      {test.data !== undefined && (
        <span className={test.data.ok ? "state good" : "state bad"} role="status" title={test.data.message}>
          {test.data.ok ? `answers in ${duration(test.data.elapsed_ms)}` : "does not answer"}
        </span>
      )}
      {test.error !== null && (
        <span className="state bad" role="status" title={test.error.message}>
          cannot be tested
        </span>
      )}
      <button
        type="button"
        className={primary ? "button primary" : "button small"}
        disabled={test.isPending}
        onClick={() => test.mutate()}
        aria-label={`Test ${name}`}
      >
        {test.isPending ? "Testing…" : "Test"}
      </button>
      {primary && test.data !== undefined && !test.data.ok && <pre className="notice">{test.data.message}</pre>}
    </span>
  );
}

export function ConnectionsPage() {
  const connections = useConnections();
  return (
    <PageFrame
      title="Connections"
      lede="Addresses of databases and object stores that crawlers look at and SQL reads. Secrets are kept encrypted and never shown."
      actions={
        <Link className="button primary" to="/new-connection">
          <Icon name="plus" /> New connection
        </Link>
      }
    >
      <Panel>
        <Answer of={connections}>
          {(page) =>
            page.items.length === 0 ? (
              <Empty
                title="No connections yet"
                command="catalog connections create sales --url postgresql://reader@db/sales"
              >
                Add a database or an object store here, or on the command line:
              </Empty>
            ) : (
              <div className="scroll">
                <table className="table">
                  <thead>
                    <tr>
                      <th>Name</th>
                      <th>Kind</th>
                      <th>Address</th>
                      <th>Comment</th>
                      <th>Created</th>
                      <th />
                    </tr>
                  </thead>
                  <tbody>
                    {page.items.map((connection) => (
                      <tr key={connection.name}>
                        <td className="name">
                          <Link to={href(["connections", connection.name])}>{connection.name}</Link>
                        </td>
                        <td>
                          <span className="badge">{connection.kind}</span>
                        </td>
                        <td className="mono muted">{connection.url ?? connection.prefixes.join(", ")}</td>
                        <td className="muted">{connection.comment}</td>
                        <td className="muted">
                          <When at={connection.created_at} />
                        </td>
                        <td className="right">
                          <TestButton name={connection.name} />
                        </td>
                      </tr>
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

/** Kinds of stores: where their locations begin, and options that they may need. */
const STORES: Readonly<Record<string, { prefix: string; options: string; hint?: string }>> = {
  s3: { prefix: "s3://bucket/", options: "endpoint = http://127.0.0.1:8333\nregion = us-east-1\npath_style = true" },
  azure: {
    prefix: "abfss://container@account.dfs.core.windows.net/",
    options: "endpoint = http://127.0.0.1:10000/account",
    hint: "Or a SAS token; without either, the container must be public. Also a reference: env:NAME, file:/path.",
  },
  gcs: {
    prefix: "gs://bucket/",
    options: "application_default = true",
    hint: "Its JSON, or better a reference: file:/path, env:NAME. None for public buckets.",
  },
};
const KINDS = ["postgresql", "mysql", "mariadb", "sqlite", ...Object.keys(STORES)];
/** Inputs of secrets by kind: the name that the API knows, and what people call it. */
const SECRETS: Readonly<Record<string, readonly (readonly [name: string, label: string])[]>> = {
  s3: [
    ["access_key_id", "Access key id"],
    ["secret_access_key", "Secret access key"],
  ],
  azure: [
    ["account_key", "Account key"],
    ["sas_token", "SAS token"],
  ],
  gcs: [["service_account_key", "Service account key"]],
  sqlite: [],
};
const PASSWORD = [["password", "Password"]] as const;
const EXAMPLES: Record<string, string> = {
  postgresql: "postgresql://reader@db.internal:5432/sales",
  mysql: "mysql://reader@db.internal:3306/sales",
  mariadb: "mariadb://reader@db.internal:3306/sales",
  sqlite: "sqlite:///data/sales.db",
};

interface Draft {
  name: string;
  kind: string;
  url: string;
  secrets: Readonly<Record<string, string>>;
  prefixes: string;
  options: string;
  comment: string;
}

function bodyOf(draft: Draft): Record<string, unknown> {
  const asked = SECRETS[draft.kind] ?? PASSWORD;
  const secrets = Object.fromEntries(
    asked.flatMap(([name]) => (draft.secrets[name] ? [[name, draft.secrets[name]]] : [])),
  );
  return {
    name: draft.name.trim(),
    kind: draft.kind,
    ...(draft.url.trim() === "" ? {} : { url: draft.url.trim() }),
    ...(draft.kind in STORES ? { prefixes: linesOf(draft.prefixes) } : {}),
    options: pairsOf(draft.options),
    secrets,
    ...(draft.comment.trim() === "" ? {} : { comment: draft.comment.trim() }),
  };
}

export function NewConnectionPage() {
  const [draft, setDraft] = useState<Draft>({
    name: "",
    kind: "postgresql",
    url: "",
    secrets: {},
    prefixes: "",
    options: "",
    comment: "",
  });
  const put = (key: Exclude<keyof Draft, "secrets">) => (value: string) =>
    setDraft((now) => ({ ...now, [key]: value }));
  const client = useQueryClient();
  const create = useMutation({
    mutationFn: async () => post<Connection>(["connections"], bodyOf(draft)),
    onSuccess: (connection) => {
      void client.invalidateQueries({ queryKey: ["connections"] });
      void client.invalidateQueries({ queryKey: ["info"] });
      navigate(href(["connections", connection.name]));
    },
  });
  const store = STORES[draft.kind];
  const asked = SECRETS[draft.kind] ?? PASSWORD;
  const secrets = asked.length > 0 && (
    <div className="columns-2">
      {asked.map(([name, label], at) => (
        <TextField
          key={name}
          label={label}
          value={draft.secrets[name] ?? ""}
          onChange={(value) => setDraft((now) => ({ ...now, secrets: { ...now.secrets, [name]: value } }))}
          type={name === "access_key_id" ? "text" : "password"}
          mono={store !== undefined}
          hint={at === 0 ? (store?.hint ?? "Or a reference: env:NAME, file:/path.") : undefined}
        />
      ))}
    </div>
  );
  return (
    <PageFrame title="New connection" crumbs={[{ label: "Connections", to: "/connections" }]}>
      <form
        className="form"
        onSubmit={(event) => {
          event.preventDefault();
          create.mutate();
        }}
      >
        {create.error !== null && <ErrorNote error={create.error} />}
        <div className="columns-2">
          <TextField
            label="Name"
            value={draft.name}
            onChange={put("name")}
            required
            autoFocus
            placeholder="sales"
            hint="Its tables are NAME.schema.table in SQL."
          />
          <SelectField label="Kind" value={draft.kind} onChange={put("kind")} options={KINDS} />
        </div>
        {store !== undefined ? (
          <>
            <TextField
              label="Prefixes"
              value={draft.prefixes}
              onChange={put("prefixes")}
              mono
              rows={2}
              required
              placeholder={store.prefix}
              hint="One a line: the locations it serves."
            />
            {secrets}
            <TextField
              label="Options"
              value={draft.options}
              onChange={put("options")}
              mono
              rows={3}
              placeholder={store.options}
            />
          </>
        ) : (
          <>
            <TextField
              label="URL"
              value={draft.url}
              onChange={put("url")}
              mono
              required
              placeholder={EXAMPLES[draft.kind] ?? ""}
            />
            {secrets}
          </>
        )}
        <TextField label="Comment" value={draft.comment} onChange={put("comment")} />
        <div className="row">
          <button type="submit" className="button primary" disabled={create.isPending}>
            Create connection
          </button>
          <Link className="button" to="/connections">
            Cancel
          </Link>
        </div>
      </form>
    </PageFrame>
  );
}

export function ConnectionPage({ name }: { name: string }) {
  const connection = useConnection(name);
  const client = useQueryClient();
  const { fail, tell } = useToast();
  const [asking, setAsking] = useState(false);
  const drop = () =>
    void remove(["connections", name]).then(() => {
      navigate("/connections");
      void client.invalidateQueries({ queryKey: ["connections"] });
      tell(`Connection ${name} is gone.`);
    }, fail);
  const isStore = connection.data !== undefined && connection.data.kind in STORES;
  const target = isStore ? (connection.data?.prefixes[0] ?? "") : `connection:${name}/%/%`;
  return (
    <PageFrame
      title={name}
      crumbs={[{ label: "Connections", to: "/connections" }]}
      badges={connection.data !== undefined && <span className="badge">{connection.data.kind}</span>}
      lede={connection.data?.comment}
      actions={
        <>
          <button type="button" className="button danger" onClick={() => setAsking(true)}>
            Delete
          </button>
          <Link className="button" to={href(["new-crawler"], { target })}>
            Crawl it
          </Link>
          <TestButton name={name} primary />
        </>
      }
    >
      <Answer of={connection}>
        {(data) => (
          <div className="stack">
            <Facts>
              {data.url !== null && (
                <Fact label="Address">
                  <code>{data.url}</code>
                  <Copy text={data.url} label="Copy the address" />
                </Fact>
              )}
              {data.prefixes.length > 0 && (
                <Fact label="Serves">
                  <code>{data.prefixes.join(", ")}</code>
                </Fact>
              )}
              <Fact label="Secrets kept">
                {data.secret_names.length === 0 ? <span className="faint">none</span> : data.secret_names.join(", ")}
              </Fact>
              <Fact label="Created">
                <When at={data.created_at} />
              </Fact>
            </Facts>
            <KeyValues title="Options" values={data.options} />
            {!isStore && (
              <Panel title="In SQL" body>
                <Link to={href(["sql"], { sql: `SHOW SCHEMAS FROM ${name}` })}>
                  <code>SHOW SCHEMAS FROM {name}</code>
                </Link>
              </Panel>
            )}
          </div>
        )}
      </Answer>
      {asking && (
        <Confirm
          title={`Delete the connection ${name}?`}
          word={name}
          action="Delete connection"
          onConfirm={drop}
          onClose={() => setAsking(false)}
        >
          Tables found through it can no longer be read.
        </Confirm>
      )}
    </PageFrame>
  );
}
