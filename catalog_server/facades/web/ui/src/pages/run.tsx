// One job run: its state, its log as it grows, and the tables it wrote.
import { useEffect, useRef, useState } from "react";
import { ApiError, get, remove } from "../api/client";
import { useRun } from "../api/queries";
import { type LogPage, type Run, isFinal } from "../api/types";
import { Bytes, Copy, InputName, Link, State, Took, When } from "../components/basics";
import { Answer, ErrorNote, useToast } from "../components/feedback";
import { Icon } from "../components/icons";
import { Fact, Facts, PageFrame, Panel } from "../components/layout";
import { plural } from "../lib/format";
import { entryTable, fieldOf } from "../lib/summary";
import { pairsText } from "../lib/lines";
import { href, tableHref } from "../router";

const LOG_POLL_MS = 700;
const LOG_LENGTH_MAX = 2_000_000;

/** The log so far; asks for more until the run says that it is complete. */
function useLog(id: string): { text: string; error: Error | null; complete: boolean } {
  const [text, setText] = useState("");
  const [error, setError] = useState<Error | null>(null);
  const [complete, setComplete] = useState(false);
  useEffect(() => {
    const stop = new AbortController();
    let offset = 0;
    let timer: ReturnType<typeof setTimeout> | undefined;
    const ask = async () => {
      try {
        const page = await get<LogPage>(["runs", id, "logs"], { offset }, stop.signal);
        const more = page.next_offset > offset;
        offset = page.next_offset;
        if (page.text !== "") setText((now) => (now + page.text).slice(-LOG_LENGTH_MAX));
        setError(null);
        if (page.complete) return setComplete(true);
        timer = setTimeout(() => void ask(), more ? 50 : LOG_POLL_MS);
      } catch (failure) {
        if (stop.signal.aborted) return;
        setError(failure instanceof Error ? failure : new Error(String(failure)));
        if (failure instanceof ApiError && failure.status >= 400 && failure.status < 500) return;
        timer = setTimeout(() => void ask(), LOG_POLL_MS * 4);
      }
    };
    setText("");
    setComplete(false);
    void ask();
    return () => {
      stop.abort();
      clearTimeout(timer);
    };
  }, [id]);
  return { text, error, complete };
}

function Log({ id }: { id: string }) {
  const { text, error, complete } = useLog(id);
  const box = useRef<HTMLPreElement>(null);
  const [following, setFollowing] = useState(true);
  useEffect(() => {
    if (following && box.current !== null) box.current.scrollTop = box.current.scrollHeight;
  }, [text, following]);
  const onScroll = () => {
    const now = box.current;
    if (now !== null) setFollowing(now.scrollHeight - now.scrollTop - now.clientHeight < 24);
  };
  const end = (
    <>
      {!complete && <span className="state busy">{following ? "following" : "paused by scrolling"}</span>}
      <Copy text={text} label="Copy the log" />
    </>
  );
  return (
    <Panel title="Log" end={end}>
      {error !== null && <ErrorNote error={error} />}
      <pre className="log" ref={box} tabIndex={0} aria-label="Log" onScroll={onScroll}>
        {text === "" ? (complete ? "The log is empty." : "Waiting for the first line…") : text}
      </pre>
    </Panel>
  );
}

function Outputs({ run }: { run: Run }) {
  if (run.outputs.length === 0)
    return run.state === "SUCCEEDED" ? <p className="muted">It registered no table.</p> : null;
  return (
    <Panel title="Tables it wrote">
      <ul className="lines">
        {run.outputs.map((output, at) => {
          const table = entryTable(output, "hive", "default");
          const location = fieldOf(output, ["location", "path"]);
          const operation = fieldOf(output, ["operation"]);
          return (
            <li key={at}>
              <Icon name="table" className="faint" />
              {table === null ? (
                <code>{JSON.stringify(output)}</code>
              ) : (
                <>
                  <Link className="plain" to={tableHref(table.catalog, table.database, table.table)}>
                    {table.table}
                  </Link>
                  <span className="faint">
                    {table.catalog}.{table.database}
                  </span>
                </>
              )}
              {operation !== null && <span className="badge">{operation}</span>}
              <span className="end muted">
                {typeof output.rows === "number" && <span>{plural(output.rows, "row")}</span>}
                {typeof output.files === "number" && <span>{plural(output.files, "file")}</span>}
                {typeof output.bytes === "number" && <Bytes value={output.bytes} />}
                {location !== null && <span className="mono faint cut">{location}</span>}
              </span>
            </li>
          );
        })}
      </ul>
    </Panel>
  );
}

function Inputs({ inputs }: { inputs: readonly string[] }) {
  if (inputs.length === 0) return null;
  return (
    <Panel title="What it read">
      <ul className="lines">
        {inputs.map((input) => (
          <li key={input}>
            <InputName input={input} />
          </li>
        ))}
      </ul>
    </Panel>
  );
}

export function RunPage({ id }: { id: string }) {
  const run = useRun(id);
  const { fail } = useToast();
  const running = run.data !== undefined && !isFinal(run.data.state);
  const name = run.data?.job;
  return (
    <PageFrame
      title={name === undefined ? "Run" : `Run of ${name}`}
      crumbs={[
        { label: "Jobs", to: "/jobs" },
        ...(name === undefined ? [] : [{ label: name, to: href(["jobs", name]) }]),
      ]}
      badges={run.data !== undefined && <State state={run.data.state} />}
      actions={
        running && (
          <button
            type="button"
            className="button danger"
            onClick={() => void remove(["runs", id]).then(() => run.refetch(), fail)}
          >
            <Icon name="stop" /> Cancel
          </button>
        )
      }
    >
      <Answer of={run}>
        {(data) => (
          <div className="stack">
            <Facts>
              <Fact label="Engine">
                <code>{data.engine}</code>
              </Fact>
              <Fact label="Started">
                <When at={data.started_at} missing="not yet" />
              </Fact>
              <Fact label={running ? "Running for" : "Took"}>
                <Took from={data.started_at} to={data.finished_at} running={running} />
              </Fact>
              <Fact label="Attempt">
                <span className="number">{data.attempt}</span>
              </Fact>
              {Object.keys(data.arguments).length > 0 && (
                <Fact label="Arguments">
                  <code>{pairsText(data.arguments)}</code>
                </Fact>
              )}
              <Fact label="By">{data.by ?? <span className="faint">unknown</span>}</Fact>
            </Facts>
            {data.error !== null && <ErrorNote error={new Error(data.error)} />}
            <Outputs run={data} />
            <Inputs inputs={data.inputs ?? []} />
            <Log id={id} />
          </div>
        )}
      </Answer>
    </PageFrame>
  );
}
