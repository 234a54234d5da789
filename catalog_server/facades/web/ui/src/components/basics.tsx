// Small parts that every page uses: links, badges, times, numbers, copying.
import {
  type AnchorHTMLAttributes,
  type MouseEvent,
  type ReactNode,
  useEffect,
  useState,
  useSyncExternalStore,
} from "react";
import type { Time } from "../api/types";
import { absoluteTime, bytes, count, duration, epoch, exact, relativeTime } from "../lib/format";
import { entryTable } from "../lib/summary";
import { navigate, tableHref } from "../router";
import { Icon } from "./icons";

type LinkProps = AnchorHTMLAttributes<HTMLAnchorElement> & { to: string };

/** An ordinary link that stays in the page unless the user asks for a new tab. */
export function Link({ to, onClick, children, ...rest }: LinkProps) {
  const go = (event: MouseEvent<HTMLAnchorElement>) => {
    onClick?.(event);
    if (
      event.defaultPrevented ||
      event.button !== 0 ||
      event.metaKey ||
      event.ctrlKey ||
      event.shiftKey ||
      event.altKey
    )
      return;
    event.preventDefault();
    navigate(to);
  };
  return (
    <a href={to} onClick={go} {...rest}>
      {children}
    </a>
  );
}

let clock = Date.now();
const watchers = new Set<() => void>();
let timer: ReturnType<typeof setInterval> | undefined;

function watchClock(watcher: () => void): () => void {
  watchers.add(watcher);
  timer ??= setInterval(() => {
    clock = Date.now();
    watchers.forEach((each) => each());
  }, 5000);
  return () => {
    watchers.delete(watcher);
    if (watchers.size === 0) {
      clearInterval(timer);
      timer = undefined;
    }
  };
}

const useClock = () => useSyncExternalStore(watchClock, () => clock);

/** "3 min ago", with the exact time on hover. */
export function When({ at, missing = "—" }: { at: Time | undefined; missing?: string }) {
  const now = useClock();
  const time = epoch(at);
  if (time === null) return <span className="faint">{missing}</span>;
  return (
    <time className="number" dateTime={new Date(time).toISOString()} title={absoluteTime(time)}>
      {relativeTime(time, Math.max(now, time))}
    </time>
  );
}

/** "in 3 h", with the exact time on hover. */
export function Due({ at }: { at: number | null }) {
  const now = useClock();
  if (at === null) return <span className="faint">—</span>;
  return (
    <time className="number" dateTime={new Date(at).toISOString()} title={absoluteTime(at)}>
      {at <= now ? "now" : relativeTime(at, now)}
    </time>
  );
}

/** How long something took, or has been taking so far. */
export function Took({ from, to, running = false }: { from: Time; to: Time; running?: boolean }) {
  const [now, setNow] = useState(() => Date.now());
  useEffect(() => {
    if (!running) return;
    const ticking = setInterval(() => setNow(Date.now()), 100);
    return () => clearInterval(ticking);
  }, [running]);
  const start = epoch(from);
  const end = epoch(to) ?? (running ? now : null);
  if (start === null || end === null) return <span className="faint">—</span>;
  return <span className="number">{duration(Math.max(0, end - start))}</span>;
}

export function Count({ value }: { value: number | null | undefined }) {
  if (value === null || value === undefined) return <span className="faint">—</span>;
  return (
    <span className="number" title={exact(value)}>
      {count(value)}
    </span>
  );
}

export function Bytes({ value }: { value: number | null | undefined }) {
  if (value === null || value === undefined) return <span className="faint">—</span>;
  return (
    <span className="number" title={`${exact(value)} bytes`}>
      {bytes(value)}
    </span>
  );
}

export function FormatBadge({ format }: { format: string }) {
  return (
    <span className="badge format" data-format={format}>
      {format}
    </span>
  );
}

const KINDS: Record<string, string> = {
  MANAGED_TABLE: "managed table",
  EXTERNAL_TABLE: "external table",
  VIRTUAL_VIEW: "view",
  MATERIALIZED_VIEW: "materialized view",
  CONNECTION_TABLE: "connected table",
};

export const kindName = (kind: string): string => KINDS[kind] ?? kind.toLowerCase().replaceAll("_", " ");

const TONES: Record<string, string> = {
  SUCCEEDED: "good",
  FINISHED: "good",
  FAILED: "bad",
  TIMED_OUT: "bad",
  CANCELLED: "still",
  SKIPPED: "still",
};

export function State({ state }: { state: string }) {
  return <span className={`state ${TONES[state] ?? "busy"}`}>{state.toLowerCase().replaceAll("_", " ")}</span>;
}

export async function copyText(text: string): Promise<void> {
  if (navigator.clipboard !== undefined) return navigator.clipboard.writeText(text);
  const area = document.createElement("textarea");
  area.value = text;
  document.body.append(area);
  area.select();
  document.execCommand("copy");
  area.remove();
}

export function Copy({ text, label = "Copy" }: { text: string; label?: string }) {
  const [done, setDone] = useState(false);
  useEffect(() => {
    if (!done) return;
    const back = setTimeout(() => setDone(false), 1500);
    return () => clearTimeout(back);
  }, [done]);
  const copy = () => void copyText(text).then(() => setDone(true));
  return (
    <button
      type="button"
      className="button quiet small square"
      onClick={copy}
      title={done ? "Copied" : label}
      aria-label={label}
    >
      <Icon name={done ? "check" : "copy"} />
    </button>
  );
}

export function Snippet({ code, label }: { code: string; label: string }) {
  return (
    <div className="snippet">
      <pre tabIndex={0} aria-label={label}>
        {code}
      </pre>
      <Copy text={code} label={`Copy ${label}`} />
    </div>
  );
}

/** What a run read: a table, linked to its page, or a path. */
export function InputName({ input }: { input: string }) {
  const table = input.includes("/") ? null : entryTable(input, "hive", "default");
  if (table === null) return <code>{input}</code>;
  return (
    <span className="row">
      <Icon name="table" className="faint" />
      <Link className="plain" to={tableHref(table.catalog, table.database, table.table)}>
        {table.table}
      </Link>
      <span className="faint">
        {table.catalog}.{table.database}
      </span>
    </span>
  );
}

/** A shell command to type next. */
export function Command({ children }: { children: string }) {
  return (
    <span className="command">
      <code>{children}</code>
      <Copy text={children} label="Copy the command" />
    </span>
  );
}

/** What stands where nothing is yet: a sentence and the next command. */
export function Empty({ title, children, command }: { title: string; children?: ReactNode; command?: string }) {
  return (
    <div className="empty">
      <h2>{title}</h2>
      {children !== undefined && <div>{children}</div>}
      {command !== undefined && <Command>{command}</Command>}
    </div>
  );
}
