// Where we are: the URL is the only place that holds a page's state.
import { useCallback, useMemo, useSyncExternalStore } from "react";

export type Params = Readonly<Record<string, string | undefined>>;

const listeners = new Set<() => void>();
const announce = () => listeners.forEach((listener) => listener());
if (typeof window !== "undefined") window.addEventListener("popstate", announce);

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

const snapshot = () => window.location.pathname + window.location.search;

export function navigate(to: string, options: { replace?: boolean } = {}): void {
  if (to === snapshot()) return;
  window.history[options.replace ? "replaceState" : "pushState"](null, "", to);
  announce();
}

export function useLocation(): { path: string; search: string } {
  const whole = useSyncExternalStore(subscribe, snapshot);
  return useMemo(() => {
    const mark = whole.indexOf("?");
    return mark < 0 ? { path: whole, search: "" } : { path: whole.slice(0, mark), search: whole.slice(mark) };
  }, [whole]);
}

/** The segments of a path, decoded; a malformed escape stays as it is. */
export function segments(path: string): string[] {
  return path
    .split("/")
    .filter((part) => part !== "")
    .map((part) => {
      try {
        return decodeURIComponent(part);
      } catch {
        return part;
      }
    });
}

/** A path from segments and parameters; empty parameters are left out. */
export function href(parts: readonly string[], params: Params = {}): string {
  const query = new URLSearchParams();
  for (const [key, value] of Object.entries(params)) if (value !== undefined && value !== "") query.set(key, value);
  const text = query.toString();
  return "/" + parts.map(encodeURIComponent).join("/") + (text === "" ? "" : "?" + text);
}

export const tableHref = (catalog: string, database: string, table: string, params: Params = {}): string =>
  href(["catalogs", catalog, database, table], params);

/** One parameter of the query string and its setter. Empty means absent. */
export function useParam(name: string, fallback = ""): [string, (value: string, push?: boolean) => void] {
  const { search } = useLocation();
  const value = new URLSearchParams(search).get(name) ?? fallback;
  const set = useCallback(
    (next: string, push = false) => setParams({ [name]: next === fallback ? undefined : next }, push),
    [name, fallback],
  );
  return [value, set];
}

export function setParams(changes: Params, push = false): void {
  const query = new URLSearchParams(window.location.search);
  for (const [key, value] of Object.entries(changes)) {
    if (value === undefined || value === "") query.delete(key);
    else query.set(key, value);
  }
  const text = query.toString();
  navigate(window.location.pathname + (text === "" ? "" : "?" + text), { replace: !push });
}
