// What the tree has loaded and which branches are open; events make loaded branches load anew.
import { useQueryClient } from "@tanstack/react-query";
import { useCallback, useEffect, useMemo, useRef, useState } from "react";
import { get } from "../api/client";
import { useCatalogs, useConnections, useEvents } from "../api/queries";
import type { Database, Page, TableSummary } from "../api/types";
import { type Children, type TreeNode, makeNode, nodeId } from "../lib/tree";

const PAGE_SIZE = 500;
const OPEN_KEY = "catalog.tree.open";
const CONNECTIONS = makeNode("connections", ["Connections"]);

function remembered(): Set<string> {
  try {
    return new Set(JSON.parse(sessionStorage.getItem(OPEN_KEY) ?? "[]") as string[]);
  } catch {
    return new Set();
  }
}

const namesOf = (id: string): string[] => id.split("/").slice(1).map(decodeURIComponent);

async function loadPage(id: string, token: string | null): Promise<{ nodes: TreeNode[]; next: string | null }> {
  const names = namesOf(id);
  const query = { page_size: PAGE_SIZE, page_token: token };
  if (id.startsWith("catalog/")) {
    const page = await get<Page<Database>>(["catalogs", ...names, "databases"], query);
    return { nodes: page.items.map((item) => makeNode("database", [...names, item.name])), next: page.next_page_token };
  }
  const [catalog = "", database = ""] = names;
  const page = await get<Page<TableSummary>>(["catalogs", catalog, "databases", database, "tables"], query);
  return {
    nodes: page.items.map((item) => makeNode("table", [...names, item.name], item.format)),
    next: page.next_page_token,
  };
}

export function useTree() {
  const catalogs = useCatalogs();
  const connections = useConnections();
  const events = useEvents(20);
  const client = useQueryClient();
  const [open, setOpen] = useState(remembered);
  const [loaded, setLoaded] = useState<ReadonlyMap<string, Children>>(new Map());
  const asked = useRef(new Set<string>());

  const put = useCallback((id: string, change: (now: Children | undefined) => Children) => {
    setLoaded((all) => new Map(all).set(id, change(all.get(id))));
  }, []);

  const load = useCallback(
    async (id: string, token: string | null) => {
      const key = `${id}?${token ?? ""}`;
      if (asked.current.has(key)) return;
      asked.current.add(key);
      try {
        const page = await loadPage(id, token);
        put(id, (now) => ({
          nodes: token === null ? page.nodes : [...(now?.nodes ?? []), ...page.nodes],
          next: page.next,
          state: "loaded",
        }));
      } catch (error) {
        put(id, (now) => ({
          nodes: now?.nodes ?? [],
          next: null,
          state: "failed",
          error: error instanceof Error ? error.message : String(error),
        }));
      } finally {
        asked.current.delete(key);
      }
    },
    [put],
  );

  const only = catalogs.data?.items.length === 1 ? catalogs.data.items[0]?.name : undefined;
  const wanted = useMemo(() => {
    if (only === undefined || sessionStorageKnows()) return open;
    return new Set([...open, nodeId("catalog", [only])]);
  }, [open, only]);

  useEffect(() => {
    for (const id of wanted) if (!loaded.has(id) && !id.startsWith("connections/")) void load(id, null);
  }, [wanted, loaded, load]);

  const last = events.data?.last_number;
  const seen = useRef(last);
  useEffect(() => {
    if (last === undefined || seen.current === last) return;
    const first = seen.current === undefined;
    seen.current = last;
    if (first) return;
    for (const id of loaded.keys()) if (wanted.has(id)) void load(id, null);
    void client.invalidateQueries({ queryKey: ["search"] });
  }, [last, loaded, wanted, load, client]);

  const change = useCallback((next: Set<string>) => {
    try {
      sessionStorage.setItem(OPEN_KEY, JSON.stringify([...next]));
    } catch {
      // Storage is switched off: open branches are forgotten with the page.
    }
    setOpen(next);
  }, []);
  const toggle = useCallback(
    (id: string) => {
      const next = new Set(wanted);
      if (!next.delete(id)) next.add(id);
      change(next);
    },
    [wanted, change],
  );
  const reveal = useCallback((ids: readonly string[]) => {
    setOpen((now) => (ids.every((id) => now.has(id)) ? now : new Set([...now, ...ids])));
  }, []);
  const more = useCallback(
    (id: string) => {
      const next = loaded.get(id)?.next;
      if (next !== undefined && next !== null) void load(id, next);
    },
    [loaded, load],
  );

  const roots = useMemo(() => {
    const found = (catalogs.data?.items ?? []).map((catalog) => makeNode("catalog", [catalog.name]));
    return (connections.data?.items.length ?? 0) > 0 ? [...found, CONNECTIONS] : found;
  }, [catalogs.data, connections.data]);
  const children = useMemo(() => {
    const nodes = (connections.data?.items ?? []).map((connection) =>
      makeNode("connection", [connection.name], connection.kind),
    );
    return new Map(loaded).set(CONNECTIONS.id, { nodes, next: null, state: "loaded" });
  }, [loaded, connections.data]);
  return { roots, children, open: wanted, toggle, reveal, more };
}

function sessionStorageKnows(): boolean {
  try {
    return sessionStorage.getItem(OPEN_KEY) !== null;
  } catch {
    return false;
  }
}
