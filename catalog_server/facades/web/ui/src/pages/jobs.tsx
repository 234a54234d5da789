// Jobs: the list, the form with the script's editor, and the page of one with its runs. Loaded when first asked for.
import { python } from "@codemirror/lang-python";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { patch, post, remove } from "../api/client";
import { useInfo, useJob, useJobs, useRuns } from "../api/queries";
import { type Job, type Run, isFinal } from "../api/types";
import { Empty, Link, State, Took, When } from "../components/basics";
import { Answer, Confirm, ErrorNote, useToast } from "../components/feedback";
import { SelectField, TextField } from "../components/forms";
import { Icon } from "../components/icons";
import { Fact, Facts, PageFrame, Panel } from "../components/layout";
import { CodeEditor } from "../editor/editor";
import { linesOf, pairsOf, pairsText } from "../lib/lines";
import { href, navigate } from "../router";

const EXAMPLE = `from pyspark.sql import SparkSession

spark = SparkSession.builder.getOrCreate()
spark.sql("SHOW DATABASES").show()
`;

function useStartRun(name: string) {
  const client = useQueryClient();
  const { fail } = useToast();
  return useMutation({
    mutationFn: () => post<Run>(["jobs", name, "runs"]),
    onSuccess: (run) => {
      void client.invalidateQueries({ queryKey: ["runs"] });
      void client.invalidateQueries({ queryKey: ["jobs"] });
      navigate(href(["runs", run.id]));
    },
    onError: fail,
  });
}

function RunNow({ name, primary = false }: { name: string; primary?: boolean }) {
  const start = useStartRun(name);
  return (
    <button
      type="button"
      className={primary ? "button primary" : "button small"}
      disabled={start.isPending}
      onClick={() => start.mutate()}
      aria-label={`Run ${name} now`}
    >
      <Icon name="play" /> Run now
    </button>
  );
}

function JobList() {
  const jobs = useJobs();
  return (
    <PageFrame
      title="Jobs"
      lede="A job is a PySpark script that the server runs against the catalog; the tables it writes are registered."
      actions={
        <Link className="button primary" to="/new-job">
          <Icon name="plus" /> New job
        </Link>
      }
    >
      <Panel>
        <Answer of={jobs}>
          {(page) =>
            page.items.length === 0 ? (
              <Empty title="No jobs yet" command="catalog jobs create daily --script daily.py --engine sail">
                Write one here, or on the command line:
              </Empty>
            ) : (
              <div className="scroll">
                <table className="table">
                  <thead>
                    <tr>
                      <th>Name</th>
                      <th>Engine</th>
                      <th>Comment</th>
                      <th>Last run</th>
                      <th />
                      <th />
                    </tr>
                  </thead>
                  <tbody>
                    {page.items.map((job) => (
                      <tr key={job.name}>
                        <td className="name">
                          <Link to={href(["jobs", job.name])}>{job.name}</Link>
                        </td>
                        <td className="mono muted">{job.engine}</td>
                        <td className="muted">{job.comment}</td>
                        <td>
                          {job.last_run === null ? (
                            <span className="faint">never</span>
                          ) : (
                            <Link to={href(["runs", job.last_run.id])}>
                              <State state={job.last_run.state} />
                            </Link>
                          )}
                        </td>
                        <td className="muted">
                          {job.last_run !== null && (
                            <When at={job.last_run.finished_at ?? job.last_run.started_at ?? job.last_run.created_at} />
                          )}
                        </td>
                        <td className="right">
                          <RunNow name={job.name} />
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

interface Draft {
  name: string;
  script: string;
  engine: string;
  master: string;
  arguments: string;
  outputs: string;
  configuration: string;
  comment: string;
  timeout: string;
  retries: string;
}

const draftOf = (job?: Job): Draft => ({
  name: job?.name ?? "",
  script: job?.script ?? EXAMPLE,
  engine: job?.engine ?? "sail",
  master: job?.master ?? "",
  arguments: pairsText(job?.arguments ?? {}),
  outputs: (job?.outputs ?? []).join("\n"),
  configuration: pairsText(job?.configuration ?? {}),
  comment: job?.comment ?? "",
  timeout: String(job?.timeout_seconds ?? 3600),
  retries: String(job?.retries_max ?? 0),
});

function bodyOf(draft: Draft): Record<string, unknown> {
  return {
    script: draft.script,
    engine: draft.engine,
    ...(draft.master.trim() === "" ? {} : { master: draft.master.trim() }),
    arguments: pairsOf(draft.arguments),
    outputs: linesOf(draft.outputs),
    configuration: pairsOf(draft.configuration),
    ...(draft.comment.trim() === "" ? {} : { comment: draft.comment.trim() }),
    timeout_seconds: Number(draft.timeout),
    retries_max: Number(draft.retries),
  };
}

interface JobFormProps {
  job?: Job;
  onDone: (job: Job) => void;
  onCancel: () => void;
}

function JobForm({ job, onDone, onCancel }: JobFormProps) {
  const [draft, setDraft] = useState(() => draftOf(job));
  const info = useInfo();
  const client = useQueryClient();
  const put = (key: keyof Draft) => (value: string) => setDraft((now) => ({ ...now, [key]: value }));
  const save = useMutation({
    mutationFn: async () =>
      job === undefined
        ? post<Job>(["jobs"], { name: draft.name.trim(), ...bodyOf(draft) })
        : patch<Job>(["jobs", job.name], { ...bodyOf(draft), expected_version: job.version }),
    onSuccess: (saved) => {
      void client.invalidateQueries({ queryKey: ["jobs"] });
      void client.invalidateQueries({ queryKey: ["info"] });
      onDone(saved);
    },
  });
  const engines = [...new Set([...(info.data?.engines ?? ["sail", "spark"]), "connect", draft.engine])];
  return (
    <form
      className="form"
      onSubmit={(event) => {
        event.preventDefault();
        save.mutate();
      }}
    >
      {save.error !== null && <ErrorNote error={save.error} />}
      <div className="columns-2">
        {job === undefined && (
          <TextField label="Name" value={draft.name} onChange={put("name")} required autoFocus placeholder="daily" />
        )}
        <SelectField
          label="Engine"
          value={draft.engine}
          onChange={put("engine")}
          options={engines}
          hint="sail starts at once; spark is Apache Spark itself; connect is any Spark Connect server."
        />
        {draft.engine !== "sail" && (
          <TextField
            label={draft.engine === "connect" ? "Spark Connect URL" : "Master"}
            value={draft.master}
            onChange={put("master")}
            mono
            placeholder={draft.engine === "connect" ? "sc://127.0.0.1:15002" : "local[*]"}
          />
        )}
      </div>
      <div className="field">
        <span className="label">Script</span>
        <CodeEditor value={draft.script} onChange={put("script")} label="Script" extensions={[python()]} boxed />
      </div>
      <div className="columns-2">
        <TextField
          label="Arguments"
          value={draft.arguments}
          onChange={put("arguments")}
          mono
          rows={3}
          placeholder="day = 2026-01-01"
          hint="One a line, handed to the script."
        />
        <TextField
          label="Outputs"
          value={draft.outputs}
          onChange={put("outputs")}
          mono
          rows={3}
          placeholder="sales.daily=s3://bucket/daily/"
          hint="Files written there become that table."
        />
      </div>
      <details>
        <summary className="muted">More</summary>
        <div className="form">
          <TextField
            label="Spark configuration"
            value={draft.configuration}
            onChange={put("configuration")}
            mono
            rows={3}
            placeholder="spark.sql.shuffle.partitions = 8"
          />
          <div className="columns-2">
            <TextField label="Timeout in seconds" value={draft.timeout} onChange={put("timeout")} type="number" />
            <TextField label="Retries" value={draft.retries} onChange={put("retries")} type="number" />
          </div>
          <TextField label="Comment" value={draft.comment} onChange={put("comment")} />
        </div>
      </details>
      <div className="row">
        <button type="submit" className="button primary" disabled={save.isPending}>
          {job === undefined ? "Create job" : "Save job"}
        </button>
        <button type="button" className="button" onClick={onCancel}>
          Cancel
        </button>
      </div>
    </form>
  );
}

function NewJob() {
  return (
    <PageFrame title="New job" crumbs={[{ label: "Jobs", to: "/jobs" }]}>
      <JobForm onDone={(job) => navigate(href(["jobs", job.name]))} onCancel={() => navigate("/jobs")} />
    </PageFrame>
  );
}

function RunTable({ runs }: { runs: readonly Run[] }) {
  return (
    <div className="scroll">
      <table className="table">
        <thead>
          <tr>
            <th>State</th>
            <th>Started</th>
            <th className="right">Took</th>
            <th>Engine</th>
            <th className="right">Attempt</th>
            <th className="right">Outputs</th>
            <th>By</th>
          </tr>
        </thead>
        <tbody>
          {runs.map((run) => (
            <tr key={run.id}>
              <td>
                <Link to={href(["runs", run.id])}>
                  <State state={run.state} />
                </Link>
              </td>
              <td className="muted">
                <When at={run.started_at ?? run.created_at} missing="waiting" />
              </td>
              <td className="right">
                <Took from={run.started_at} to={run.finished_at} running={!isFinal(run.state)} />
              </td>
              <td className="mono muted">{run.engine}</td>
              <td className="right number">{run.attempt}</td>
              <td className="right number">{run.outputs.length}</td>
              <td className="muted">{run.by}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

function OneJob({ name }: { name: string }) {
  const job = useJob(name);
  const runs = useRuns(name);
  const client = useQueryClient();
  const { fail, tell } = useToast();
  const [editing, setEditing] = useState(false);
  const [asking, setAsking] = useState(false);
  const drop = () =>
    void remove(["jobs", name]).then(() => {
      navigate("/jobs");
      void client.invalidateQueries({ queryKey: ["jobs"] });
      tell(`Job ${name} is gone; the tables it wrote stay.`);
    }, fail);
  return (
    <PageFrame
      title={name}
      crumbs={[{ label: "Jobs", to: "/jobs" }]}
      badges={<span className="badge">job</span>}
      lede={job.data?.comment}
      actions={
        <>
          <button type="button" className="button danger" onClick={() => setAsking(true)}>
            Delete
          </button>
          <button type="button" className="button" disabled={job.data === undefined} onClick={() => setEditing(true)}>
            Edit
          </button>
          <RunNow name={name} primary />
        </>
      }
    >
      <Answer of={job}>
        {(data) =>
          editing ? (
            <JobForm job={data} onDone={() => setEditing(false)} onCancel={() => setEditing(false)} />
          ) : (
            <div className="stack">
              <Facts>
                <Fact label="Engine">
                  <code>{data.engine}</code>
                </Fact>
                {data.master !== null && (
                  <Fact label="Master">
                    <code>{data.master}</code>
                  </Fact>
                )}
                {Object.keys(data.arguments).length > 0 && (
                  <Fact label="Arguments">
                    <code>{pairsText(data.arguments)}</code>
                  </Fact>
                )}
                {data.outputs.length > 0 && (
                  <Fact label="Outputs">
                    <code>{data.outputs.join(", ")}</code>
                  </Fact>
                )}
                <Fact label="Timeout">
                  <span className="number">{data.timeout_seconds} s</span>
                </Fact>
                <Fact label="Created">
                  <When at={data.created_at} />
                </Fact>
              </Facts>
              <Panel title="Runs">
                <Answer of={runs}>
                  {(page) =>
                    page.items.length === 0 ? (
                      <Empty title="It has not run yet" command={`catalog jobs run ${name} --wait`} />
                    ) : (
                      <RunTable runs={page.items} />
                    )
                  }
                </Answer>
              </Panel>
              <Panel title="Script" body>
                <pre className="scroll" tabIndex={0}>
                  {data.script}
                </pre>
              </Panel>
            </div>
          )
        }
      </Answer>
      {asking && (
        <Confirm
          title={`Delete the job ${name}?`}
          word={name}
          action="Delete job"
          onConfirm={drop}
          onClose={() => setAsking(false)}
        >
          Its script goes with it. The tables it wrote stay.
        </Confirm>
      )}
    </PageFrame>
  );
}

export default function JobsPage({ view, name = "" }: { view: "list" | "new" | "one"; name?: string }) {
  if (view === "new") return <NewJob />;
  return view === "one" ? <OneJob name={name} /> : <JobList />;
}
