// Where a search hit leads and how its matched words are marked.
import type { Hit } from "../api/types";
import { href, tableHref } from "../router";

export function hitHref(hit: Hit): string {
  switch (hit.kind) {
    case "connection":
      return href(["connections", hit.name]);
    case "crawler":
      return href(["crawlers", hit.name]);
    case "job":
      return href(["jobs", hit.name]);
    case "catalog":
      return href(["catalogs", hit.name]);
    case "database":
      return href(["catalogs", hit.catalog ?? "", hit.name]);
    default:
      return tableHref(hit.catalog ?? "", hit.database ?? "", hit.name, { column: hit.column ?? undefined });
  }
}

/** A text cut where one of the words begins and ends; `hit` pieces are to be marked. */
export function pieces(text: string, query: string): { text: string; hit: boolean }[] {
  const words = query.split(/[\s.]+/).filter((word) => word !== "");
  if (words.length === 0 || text === "") return [{ text, hit: false }];
  const escaped = words.map((word) => word.replace(/[.*+?^${}()|[\]\\]/g, "\\$&"));
  return text
    .split(new RegExp(`(${escaped.join("|")})`, "gi"))
    .map((part, at) => ({ text: part, hit: at % 2 === 1 }))
    .filter((part) => part.text !== "");
}
