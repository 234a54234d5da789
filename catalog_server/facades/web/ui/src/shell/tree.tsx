// The catalog tree at the left: loaded as it is opened, filtered as one types, walked with arrow keys.
import { useVirtualizer } from "@tanstack/react-virtual";
import { type KeyboardEvent, useDeferredValue, useEffect, useMemo, useRef, useState } from "react";
import { useSearch } from "../api/queries";
import { Icon, kindIcon } from "../components/icons";
import { Marked } from "../components/marked";
import { type Children, type Line, type TreeNode, flatten, namedLike, nodeId, step, treeOfHits } from "../lib/tree";
import { href, navigate, segments } from "../router";
import { useTree } from "./tree_store";

const LINE_HEIGHT = 26;

export function nodeHref(node: TreeNode): string | null {
  switch (node.kind) {
    case "catalog":
    case "database":
    case "table":
      return href(["catalogs", ...node.names]);
    case "connections":
      return "/connections";
    case "connection":
      return href(["connections", ...node.names]);
    default:
      return null;
  }
}

/** The id of the line that the URL names, and the branches above it. */
function place(path: string): { id: string | null; above: string[] } {
  const [first, ...names] = segments(path);
  if (first === "connections" && names[0] !== undefined)
    return { id: nodeId("connection", names), above: [nodeId("connections", ["Connections"])] };
  if (first !== "catalogs") return { id: null, above: [] };
  const kinds = ["catalog", "database", "table"] as const;
  const ids = names.slice(0, 3).map((_, at) => nodeId(kinds[at] ?? "table", names.slice(0, at + 1)));
  return { id: ids.at(-1) ?? null, above: ids.slice(0, -1) };
}

function useFiltered(filter: string, loaded: ReadonlyMap<string, Children>) {
  const search = useSearch(filter, "", 200);
  return useMemo(() => {
    if (filter === "") return null;
    const hits = search.data?.pages.flatMap((page) => page.items) ?? [];
    const named = hits.filter((hit) => hit.matched.includes("name"));
    const tree = treeOfHits([...namedLike(filter, loaded), ...named]);
    return { lines: flatten(tree.roots, tree.children, tree.open), pending: search.isPending, error: search.error };
  }, [filter, loaded, search.data, search.isPending, search.error]);
}

export function CatalogTree({ path }: { path: string }) {
  const [filter, setFilter] = useState("");
  const asked = useDeferredValue(filter.trim());
  const tree = useTree();
  const here = useMemo(() => place(path), [path]);
  const filtered = useFiltered(asked, tree.children);
  const [focused, setFocused] = useState<string | null>(null);
  const scroller = useRef<HTMLDivElement>(null);
  const { reveal } = tree;
  useEffect(() => {
    reveal(here.above);
    if (here.id !== null) setFocused(here.id);
  }, [here, reveal]);
  const whole = useMemo(() => flatten(tree.roots, tree.children, tree.open), [tree.roots, tree.children, tree.open]);
  const lines = filtered === null ? whole : filtered.lines;
  const virtual = useVirtualizer({
    count: lines.length,
    getScrollElement: () => scroller.current,
    estimateSize: () => LINE_HEIGHT,
    getItemKey: (at) => lines[at]?.node.id ?? at,
    overscan: 10,
  });
  const show = (id: string) => {
    const at = lines.findIndex((line) => line.node.id === id);
    if (at >= 0) virtual.scrollToIndex(at, { align: "auto" });
  };
  const hereAt = lines.findIndex((line) => line.node.id === here.id);
  useEffect(() => {
    if (hereAt >= 0) virtual.scrollToIndex(hereAt, { align: "auto" });
    // Only when the place or its line changes: scrolling by hand is left alone.
  }, [here.id, hereAt < 0]);

  const onKeyDown = (event: KeyboardEvent) => {
    if (event.key === "Enter" || event.key === " ") {
      const line = lines.find((each) => each.node.id === focused);
      if (line !== undefined) activate(line);
      event.preventDefault();
      return;
    }
    const next = step(lines, focused, event.key);
    if (next === null) return;
    event.preventDefault();
    if ("focus" in next) {
      setFocused(next.focus);
      show(next.focus);
    } else if (filtered === null) tree.toggle("open" in next ? next.open : next.close);
  };
  const activate = (line: Line) => {
    setFocused(line.node.id);
    if (line.node.kind === "more") return tree.more(line.parent ?? "");
    const to = nodeHref(line.node);
    if (to !== null) navigate(to);
    if (line.branch && !line.open && filtered === null) tree.toggle(line.node.id);
  };
  return (
    <>
      <div className="tree-head">
        <input
          type="search"
          value={filter}
          placeholder="Filter tables"
          aria-label="Filter the tree"
          onChange={(event) => setFilter(event.target.value)}
          onKeyDown={(event) => {
            if (event.key === "Escape") setFilter("");
            if (event.key === "ArrowDown") {
              event.preventDefault();
              scroller.current?.focus();
              const first = step(lines, null, "ArrowDown");
              if (first !== null && "focus" in first) setFocused(first.focus);
            }
          }}
        />
      </div>
      <div
        className="tree"
        role="tree"
        aria-label="Catalog"
        tabIndex={0}
        ref={scroller}
        aria-activedescendant={focused === null ? undefined : `tree:${focused}`}
        onKeyDown={onKeyDown}
      >
        {filtered !== null && lines.length === 0 && (
          <p className="empty">{filtered.pending ? "Looking…" : `Nothing is named like “${asked}”`}</p>
        )}
        <div style={{ height: virtual.getTotalSize(), position: "relative" }}>
          {virtual.getVirtualItems().map((item) => {
            const line = lines[item.index];
            if (line === undefined) return null;
            return (
              <TreeLine
                key={item.key}
                line={line}
                top={item.start}
                selected={line.node.id === here.id}
                focused={line.node.id === focused}
                filter={asked}
                onActivate={() => activate(line)}
                onToggle={() => filtered === null && tree.toggle(line.node.id)}
                onSeen={line.node.kind === "more" ? () => tree.more(line.parent ?? "") : undefined}
              />
            );
          })}
        </div>
      </div>
    </>
  );
}

interface TreeLineProps {
  line: Line;
  top: number;
  selected: boolean;
  focused: boolean;
  filter: string;
  onActivate: () => void;
  onToggle: () => void;
  onSeen: (() => void) | undefined;
}

function TreeLine({ line, top, selected, focused, filter, onActivate, onToggle, onSeen }: TreeLineProps) {
  const { node, depth } = line;
  useEffect(() => {
    onSeen?.();
    // A "more" line loads once for each token, when it comes into view.
  }, [node.token]);
  return (
    <div
      id={`tree:${node.id}`}
      className="tree-line"
      role="treeitem"
      data-kind={node.kind}
      data-focused={focused}
      aria-level={depth + 1}
      aria-selected={selected}
      aria-expanded={line.branch ? line.open : undefined}
      style={{ top, paddingLeft: 6 + depth * 14 }}
      title={node.names.join(".")}
      onClick={onActivate}
    >
      {line.branch ? (
        <span
          className="twist"
          onClick={(event) => {
            event.stopPropagation();
            onToggle();
          }}
        >
          <Icon name="chevron" className={line.open ? "chevron open" : "chevron"} />
        </span>
      ) : (
        <span className="twist" />
      )}
      {node.kind !== "note" && node.kind !== "more" && (
        <Icon name={node.format === "view" ? "view" : kindIcon(node.kind)} />
      )}
      <span className="cut">{filter === "" ? node.label : <Marked text={node.label} query={filter} />}</span>
      {node.format !== undefined && node.format !== "view" && node.format !== "unknown" && (
        <span className="format mono">{node.format}</span>
      )}
    </div>
  );
}
