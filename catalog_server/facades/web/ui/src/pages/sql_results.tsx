// What a statement answered: how far it is, its rows, why it failed; and the statements before it.
import { useInfiniteQuery } from "@tanstack/react-query";
import { useCallback, useMemo } from "react";
import { get, path } from "../api/client";
import { useQueries } from "../api/queries";
import { type ErrorBody, type Query, type RowPage, isFinal } from "../api/types";
import { Bytes, Count, Empty, State, Took, When } from "../components/basics";
import { Answer, Skeleton } from "../components/feedback";
import { Icon } from "../components/icons";
import { ResultGrid } from "../components/result_grid";

const PAGE_ROWS = 1000;

export function ResultBar({ query, error }: { query: Query | undefined; error: ErrorBody | null }) {
  const running = query !== undefined && !isFinal(query.state);
  const done = query?.state === "FINISHED";
  const statistics = query?.statistics;
  return (
    <div className="sql-bar" role="status">
      {query === undefined ? (
        error === null ? (
          <span className="faint">Results</span>
        ) : (
          <State state="FAILED" />
        )
      ) : (
        <>
          <State state={query.state} />
          <Took from={query.started_at ?? query.created_at} to={query.finished_at} running={running} />
          {done && query.row_count !== null && (
            <span className="muted">
              <Count value={query.row_count} /> {query.row_count === 1 ? "row" : "rows"}
            </span>
          )}
          {query.truncated && (
            <span className="badge" title="The result was cut at the server's limit">
              cut
            </span>
          )}
          {statistics?.rows_read !== undefined && statistics.rows_read !== null && (
            <span className="faint">
              read <Count value={statistics.rows_read} /> rows
            </span>
          )}
          {statistics?.bytes_read !== undefined && statistics.bytes_read !== null && (
            <span className="faint">
              <Bytes value={statistics.bytes_read} />
            </span>
          )}
          {running && query.progress !== null && <progress max={1} value={query.progress} aria-label="Progress" />}
        </>
      )}
      <div className="end">
        {done && query.columns !== null && (
          <a className="button small" href={path(["queries", query.id, "rows.csv"])} download={`${query.id}.csv`}>
            <Icon name="download" /> CSV
          </a>
        )}
      </div>
    </div>
  );
}

function Rows({ query }: { query: Query }) {
  const pages = useInfiniteQuery({
    queryKey: ["queries", query.id, "rows"],
    queryFn: ({ pageParam, signal }) =>
      get<RowPage>(["queries", query.id, "rows"], { page_size: PAGE_ROWS, page_token: pageParam }, signal),
    initialPageParam: null as string | null,
    getNextPageParam: (last) => last.next_page_token,
    staleTime: Number.POSITIVE_INFINITY,
  });
  const rows = useMemo(() => pages.data?.pages.flatMap((page) => page.rows) ?? [], [pages.data]);
  const { hasNextPage, isFetchingNextPage, fetchNextPage } = pages;
  const onEnd = useCallback(() => {
    if (hasNextPage && !isFetchingNextPage) void fetchNextPage();
  }, [hasNextPage, isFetchingNextPage, fetchNextPage]);
  return (
    <Answer of={pages} lines={6}>
      {(data) => {
        const columns = data.pages[0]?.columns ?? [];
        if (columns.length === 0) return <Empty title="Done">The statement answers no rows.</Empty>;
        if (rows.length === 0)
          return (
            <div>
              <ResultGrid columns={columns} rows={rows} height={60} label="Result" />
              <Empty title="No rows" />
            </div>
          );
        return <ResultGrid columns={columns} rows={rows} onEnd={onEnd} label="Result" />;
      }}
    </Answer>
  );
}

export function Results({ query, error }: { query: Query | undefined; error: ErrorBody | null }) {
  if (query?.state === "CANCELLED") return <Empty title="The statement was cancelled" />;
  if (error !== null)
    return (
      <div className="notice" role="alert">
        <Icon name="alert" />
        <div>
          <pre>{error.message}</pre>
          <small>
            {error.type}
            {error.line !== undefined && error.line !== null && ` · line ${error.line}, column ${error.column ?? 1}`}
            {error.request_id != null && ` · request ${error.request_id}`}
          </small>
        </div>
      </div>
    );
  if (query === undefined || !isFinal(query.state)) return <Skeleton lines={6} />;
  return <Rows key={query.id} query={query} />;
}

export function History({ onPick }: { onPick: (query: Query) => void }) {
  const queries = useQueries(100);
  return (
    <div className="history">
      <Answer of={queries}>
        {(page) =>
          page.items.length === 0 ? (
            <Empty title="No statement has run yet" />
          ) : (
            <table className="table">
              <thead>
                <tr>
                  <th>Statement</th>
                  <th>State</th>
                  <th className="right">Rows</th>
                  <th className="right">Took</th>
                  <th>When</th>
                  <th>By</th>
                </tr>
              </thead>
              <tbody>
                {page.items.map((query) => (
                  <tr key={query.id}>
                    <td>
                      <a
                        href={`/sql?id=${query.id}`}
                        onClick={(event) => {
                          event.preventDefault();
                          onPick(query);
                        }}
                      >
                        <pre>{query.sql}</pre>
                      </a>
                    </td>
                    <td>
                      <State state={query.state} />
                    </td>
                    <td className="right">
                      <Count value={query.row_count} />
                    </td>
                    <td className="right">
                      <Took from={query.started_at ?? query.created_at} to={query.finished_at} />
                    </td>
                    <td className="muted">
                      <When at={query.created_at} />
                    </td>
                    <td className="muted">{query.by}</td>
                  </tr>
                ))}
              </tbody>
            </table>
          )
        }
      </Answer>
    </div>
  );
}
