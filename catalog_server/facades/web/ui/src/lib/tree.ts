// The catalog tree as data: which lines show, and where an arrow key leads.
export type NodeKind = "catalog" | "database" | "table" | "connections" | "connection" | "more" | "note";

export interface TreeNode {
  /** Path of encoded names, unique in the tree. */
  id: string;
  kind: NodeKind;
  label: string;
  names: readonly string[];
  format?: string;
  /** What a "more" line loads when it comes into view. */
  token?: string;
}

export interface Children {
  nodes: TreeNode[];
  next: string | null;
  state: "loading" | "loaded" | "failed";
  error?: string;
}

export interface Line {
  node: TreeNode;
  depth: number;
  parent: string | null;
  open: boolean;
  branch: boolean;
}

export const nodeId = (kind: NodeKind, names: readonly string[]): string =>
  `${kind}/${names.map(encodeURIComponent).join("/")}`;

export function makeNode(kind: NodeKind, names: readonly string[], format?: string): TreeNode {
  const label = names[names.length - 1] ?? "";
  return { id: nodeId(kind, names), kind, label, names, ...(format === undefined ? {} : { format }) };
}

export const isBranch = (kind: NodeKind): boolean =>
  kind === "catalog" || kind === "database" || kind === "connections";

/** The lines that show, from the roots down the open branches. */
export function flatten(
  roots: readonly TreeNode[],
  children: ReadonlyMap<string, Children>,
  open: ReadonlySet<string>,
): Line[] {
  const lines: Line[] = [];
  const visit = (node: TreeNode, depth: number, parent: string | null) => {
    const branch = isBranch(node.kind);
    const isOpen = branch && open.has(node.id);
    lines.push({ node, depth, parent, open: isOpen, branch });
    if (!isOpen) return;
    const held = children.get(node.id);
    const note = (label: string): void => {
      lines.push({
        node: { id: `${node.id}#note`, kind: "note", label, names: [] },
        depth: depth + 1,
        parent: node.id,
        open: false,
        branch: false,
      });
    };
    for (const child of held?.nodes ?? []) visit(child, depth + 1, node.id);
    if (held === undefined || (held.state === "loading" && held.nodes.length === 0)) note("loading…");
    else if (held.state === "failed") note(held.error ?? "cannot be read");
    else if (held.nodes.length === 0) note(node.kind === "database" ? "no tables" : "empty");
    else if (held.next !== null)
      lines.push({
        node: { id: `${node.id}#more`, kind: "more", label: "more…", names: node.names, token: held.next },
        depth: depth + 1,
        parent: node.id,
        open: false,
        branch: false,
      });
  };
  for (const root of roots) visit(root, 0, null);
  return lines;
}

export type Step = { focus: string } | { open: string } | { close: string } | null;

/** What an arrow key does on the focused line, by the rules of a tree view. */
export function step(lines: readonly Line[], focused: string | null, key: string): Step {
  const stops = lines.filter((line) => line.node.kind !== "note");
  const at = stops.findIndex((line) => line.node.id === focused);
  const line = stops[at];
  const to = (index: number): Step => {
    const target = stops[Math.max(0, Math.min(stops.length - 1, index))];
    return target === undefined ? null : { focus: target.node.id };
  };
  if (line === undefined) return key === "End" ? to(stops.length - 1) : to(0);
  switch (key) {
    case "ArrowDown":
      return to(at + 1);
    case "ArrowUp":
      return to(at - 1);
    case "Home":
      return to(0);
    case "End":
      return to(stops.length - 1);
    case "PageDown":
      return to(at + 20);
    case "PageUp":
      return to(at - 20);
    case "ArrowRight":
      if (!line.branch) return null;
      return line.open ? to(at + 1) : { open: line.node.id };
    case "ArrowLeft":
      if (line.open) return { close: line.node.id };
      return line.parent === null ? null : { focus: line.parent };
    default:
      return null;
  }
}

export interface NamedHit {
  kind: string;
  catalog: string | null;
  database: string | null;
  name: string;
  format: string | null;
}

/** Of what is loaded, the lines whose names hold the text: the server's search looks at beginnings of words only. */
export function namedLike(text: string, children: ReadonlyMap<string, Children>): NamedHit[] {
  const wanted = text.toLowerCase();
  return [...children.values()]
    .flatMap((held) => held.nodes)
    .filter((node) => node.label.toLowerCase().includes(wanted))
    .map((node) => ({
      kind: node.kind,
      catalog: node.kind === "connection" ? null : (node.names[0] ?? null),
      database: node.kind === "table" ? (node.names[1] ?? null) : null,
      name: node.label,
      format: node.format ?? null,
    }));
}

/** Search hits as a tree that is wholly open: catalogs, their databases, their tables. */
export function treeOfHits(hits: readonly NamedHit[]): {
  roots: TreeNode[];
  children: Map<string, Children>;
  open: Set<string>;
} {
  const roots = new Map<string, TreeNode>();
  const children = new Map<string, Children>();
  const add = (parent: TreeNode, child: TreeNode): TreeNode => {
    const held = children.get(parent.id) ?? { nodes: [], next: null, state: "loaded" as const };
    const known = held.nodes.find((node) => node.id === child.id);
    if (known !== undefined) return known;
    held.nodes.push(child);
    children.set(parent.id, held);
    return child;
  };
  const root = (node: TreeNode): TreeNode => {
    const known = roots.get(node.id);
    if (known !== undefined) return known;
    roots.set(node.id, node);
    return node;
  };
  for (const hit of hits) {
    if (hit.kind === "connection") {
      add(root(makeNode("connections", ["Connections"])), makeNode("connection", [hit.name]));
      continue;
    }
    if (hit.catalog === null) continue;
    const catalog = root(makeNode("catalog", [hit.catalog]));
    const databaseName = hit.kind === "database" ? hit.name : hit.database;
    if (databaseName === null) continue;
    const database = add(catalog, makeNode("database", [hit.catalog, databaseName]));
    if (hit.kind === "table" || hit.kind === "view" || hit.kind === "column")
      add(database, makeNode("table", [hit.catalog, databaseName, hit.name], hit.format ?? undefined));
  }
  const open = new Set([...roots.keys(), ...[...children.keys()]]);
  return { roots: [...roots.values()], children, open };
}
