// What was found: hits with their words marked, narrowed by kind, all of it in the URL.
import { useSearch } from "../api/queries";
import type { Hit } from "../api/types";
import { Empty, FormatBadge, Link } from "../components/basics";
import { ErrorNote, Skeleton } from "../components/feedback";
import { Icon, kindIcon } from "../components/icons";
import { More, PageFrame, Panel } from "../components/layout";
import { Marked } from "../components/marked";
import { hitHref } from "../lib/hits";
import { useParam } from "../router";

const MATCHED: Record<string, string> = { column: "columns", comment: "comments", parameter: "parameters" };
const KINDS = ["table", "view", "column", "database", "connection", "crawler", "job"];

function HitLine({ hit, query }: { hit: Hit; query: string }) {
  const where = [hit.catalog, hit.kind === "database" ? null : hit.database].filter((part) => part !== null).join(".");
  return (
    <li className="hit">
      <div className="title-line">
        <Icon name={kindIcon(hit.kind)} className="faint" />
        <Link to={hitHref(hit)}>
          <Marked text={hit.name} query={query} />
        </Link>
        {hit.column !== null && (
          <span className="row">
            <span className="faint">column</span>
            <code>
              <Marked text={hit.column} query={query} />
            </code>
          </span>
        )}
        {hit.format !== null && hit.format !== "" && <FormatBadge format={hit.format} />}
        <span className="faint">{where === "" ? hit.kind : where}</span>
      </div>
      {hit.comment !== null && hit.comment !== "" && (
        <p>
          <Marked text={hit.comment} query={query} />
        </p>
      )}
      {hit.matched.length > 0 && !hit.matched.includes("name") && (hit.column === null || hit.matched.length > 1) && (
        <p className="faint">found in its {hit.matched.map((part) => MATCHED[part] ?? part).join(", ")}</p>
      )}
    </li>
  );
}

export function SearchPage() {
  const [query] = useParam("q");
  const [kind, setKind] = useParam("kind");
  const search = useSearch(query, kind);
  const hits = search.data?.pages.flatMap((page) => page.items) ?? [];
  return (
    <PageFrame title={query === "" ? "Search" : `Search for “${query}”`} documentTitle={`Search ${query}`}>
      <div className="stack">
        <div className="facets" role="group" aria-label="Kind">
          {["", ...KINDS].map((each) => (
            <button
              key={each}
              type="button"
              className="chip"
              aria-pressed={kind === each}
              onClick={() => setKind(each, true)}
            >
              {each === "" ? "Everything" : `${each.charAt(0).toUpperCase()}${each.slice(1)}s`}
            </button>
          ))}
        </div>
        {search.error !== null && <ErrorNote error={search.error} retry={() => void search.refetch()} />}
        {query === "" ? (
          <Panel>
            <Empty title="Type what you look for">
              Names of tables and columns, words of their comments, connections.
            </Empty>
          </Panel>
        ) : search.isPending ? (
          <Panel>
            <Skeleton lines={5} />
          </Panel>
        ) : hits.length === 0 && search.error === null ? (
          <Panel>
            <Empty title={`Nothing matches “${query}”`} command="catalog crawlers list">
              Is the data not in the catalog yet? A crawler brings it in.
            </Empty>
          </Panel>
        ) : (
          <Panel>
            <ul aria-label="Hits">
              {hits.map((hit, at) => (
                <HitLine key={at} hit={hit} query={query} />
              ))}
            </ul>
            <More pages={search} />
          </Panel>
        )}
      </div>
    </PageFrame>
  );
}
