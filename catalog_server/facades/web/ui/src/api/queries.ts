// What the pages ask of the API, by one hook per question; the live events make old answers stale.
import { type QueryClient, keepPreviousData, useInfiniteQuery, useQuery, useQueryClient } from "@tanstack/react-query";
import { get, patch, post, type Query as Parameters } from "./client";
import {
  type CareRun,
  type CareState,
  type Catalog,
  type CatalogEvent,
  type Connection,
  type Conversion,
  type Crawl,
  type Crawler,
  type Database,
  type Hit,
  type Info,
  type Job,
  type Operation,
  type Page,
  type PartitionPage,
  type PastCrawl,
  type Query,
  type Run,
  type Sample,
  type Table,
  type TableDifference,
  type TableSummary,
  type TableVersion,
  type Times,
  type VersionSummary,
  isFinal,
} from "./types";

const RUNNING_POLL_MS = 1000;
const HOUR_MS = 3_600_000;
const HISTORY_PAGE = 25;
const POLICY_POLL_MS = 30_000;

function useGet<T>(
  parts: readonly string[],
  query: Parameters = {},
  options: { enabled?: boolean; keep?: boolean } = {},
) {
  return useQuery({
    queryKey: [...parts, query],
    queryFn: ({ signal }) => get<T>(parts, query, signal),
    enabled: options.enabled ?? true,
    ...(options.keep === true ? { placeholderData: keepPreviousData } : {}),
  });
}

function usePages<T, P extends Page<T> = Page<T>>(parts: readonly string[], query: Parameters = {}, enabled = true) {
  return useInfiniteQuery({
    queryKey: [...parts, "pages", query],
    queryFn: ({ pageParam, signal }) => get<P>(parts, { ...query, page_token: pageParam }, signal),
    initialPageParam: null as string | null,
    getNextPageParam: (last: P) => last.next_page_token,
    enabled,
    placeholderData: keepPreviousData,
  });
}

const tableParts = (catalog: string, database: string, table: string) =>
  ["catalogs", catalog, "databases", database, "tables", table] as const;

export const useInfo = () => useGet<Info>(["info"]);
export const useCatalogs = () => useGet<Page<Catalog>>(["catalogs"]);
export const useDatabases = (catalog: string) =>
  usePages<Database>(["catalogs", catalog, "databases"], { page_size: 200 });
export const useDatabase = (catalog: string, database: string) =>
  useGet<Database>(["catalogs", catalog, "databases", database]);
export const useTables = (catalog: string, database: string, filter: string) =>
  usePages<TableSummary>(["catalogs", catalog, "databases", database, "tables"], {
    page_size: 200,
    filter: filter === "" ? undefined : /[*?]/.test(filter) ? filter : `*${filter}*`,
  });

export const useTable = (catalog: string, database: string, table: string) =>
  useGet<Table>(tableParts(catalog, database, table));
/** The job that would convert a table; the last answer stays while the next is waited for. */
export const useConversion = (catalog: string, database: string, table: string, wanted: Parameters) =>
  useGet<Conversion>([...tableParts(catalog, database, table), "conversion"], wanted, { keep: true });
/** Changes a table's definition and brings what the server made of it into every page. */
export function useAlterTable(catalog: string, database: string, table: string): (change: unknown) => Promise<Table> {
  const client = useQueryClient();
  return async (change) => {
    const altered = await patch<Table>(tableParts(catalog, database, table), change);
    await client.invalidateQueries({ queryKey: ["catalogs", catalog] });
    return altered;
  };
}

/** How a table stands; asked for again while something changes it, and now and then for what policies begin. */
export const useCareState = (catalog: string, database: string, table: string) =>
  useQuery({
    queryKey: [...tableParts(catalog, database, table), "care", "state"],
    queryFn: ({ signal }) => get<CareState>([...tableParts(catalog, database, table), "care", "state"], {}, signal),
    refetchInterval: (state) => (state.state.data?.at_work == null ? POLICY_POLL_MS : RUNNING_POLL_MS),
  });
export function useCareRuns(catalog: string, database: string, table: string) {
  const parts = [...tableParts(catalog, database, table), "care"];
  return useInfiniteQuery({
    queryKey: [...parts],
    queryFn: ({ pageParam, signal }) =>
      get<Page<CareRun>>(parts, { page_size: HISTORY_PAGE, page_token: pageParam }, signal),
    initialPageParam: null as string | null,
    getNextPageParam: (last) => last.next_page_token,
    placeholderData: keepPreviousData,
    refetchInterval: (state) =>
      state.state.data?.pages.some((page) => page.items.some((item) => !isFinal(item.state)))
        ? RUNNING_POLL_MS
        : POLICY_POLL_MS,
  });
}
/** Queues an operation on a table, or a preview of it, and has everything that shows it look again. */
export function useStartCare(catalog: string, database: string, table: string) {
  const client = useQueryClient();
  const parts = tableParts(catalog, database, table);
  return async (operation: Operation, options: Readonly<Record<string, unknown>>, dryRun: boolean) => {
    try {
      return await post<CareRun>([...parts, "care", operation], { ...options, dry_run: dryRun });
    } finally {
      void client.invalidateQueries({ queryKey: [...parts, "care"] });
    }
  };
}

export const useSample = (catalog: string, database: string, table: string, rows: number) =>
  useGet<Sample>([...tableParts(catalog, database, table), "sample"], { rows }, { keep: true });
export const usePartitions = (catalog: string, database: string, table: string, filter: string) =>
  usePages<PartitionPage["items"][number], PartitionPage>([...tableParts(catalog, database, table), "partitions"], {
    page_size: 200,
    filter,
  });
export const useVersions = (catalog: string, database: string, table: string) =>
  usePages<VersionSummary>([...tableParts(catalog, database, table), "versions"]);
export const useVersion = (catalog: string, database: string, table: string, version: number | null) =>
  useGet<TableVersion>(
    [...tableParts(catalog, database, table), "versions", String(version)],
    {},
    { enabled: version !== null },
  );

export const useSearch = (q: string, kind = "", pageSize = 50) =>
  usePages<Hit>(["search"], { q, kind, page_size: pageSize }, q.trim() !== "");

export const useQueries = (pageSize = 50) => useGet<Page<Query>>(["queries"], { page_size: pageSize });
export const useConnections = () => useGet<Page<Connection>>(["connections"]);
export const useConnection = (name: string) => useGet<Connection>(["connections", name]);
export const useCrawlers = () => useGet<Page<Crawler>>(["crawlers"]);
export const useCrawler = (name: string) => useGet<Crawler>(["crawlers", name]);
export const useJobs = () => useGet<Page<Job>>(["jobs"]);
export const useJob = (name: string) => useGet<Job>(["jobs", name]);

/** Lists that change while something runs are asked for again until nothing does. */
function useLiveList<T extends { state: string }>(parts: readonly string[], query: Parameters) {
  return useQuery({
    queryKey: [...parts, query],
    queryFn: ({ signal }) => get<Page<T>>(parts, query, signal),
    refetchInterval: (state) =>
      state.state.data?.items.some((item) => !isFinal(item.state)) ? RUNNING_POLL_MS : false,
  });
}

/** The server holds the answer back until the state is final or `waitMs` are over; then it is asked again. */
function useLive<T extends { state: string }>(parts: readonly string[], waitMs = 0, pauseMs = RUNNING_POLL_MS) {
  return useQuery({
    queryKey: [...parts],
    enabled: parts.every((part) => part !== ""),
    queryFn: ({ signal }) => get<T>(parts, waitMs === 0 ? {} : { wait_ms: waitMs }, signal),
    refetchInterval: (state) => (state.state.data && !isFinal(state.state.data.state) ? pauseMs : false),
  });
}

export const useCrawls = (crawler?: string, pageSize = 50) =>
  useLiveList<Crawl>(["crawls"], { crawler, page_size: pageSize });
/** The history of a crawler, page by page; asked for again while anything in it goes on, and when the next crawl is due. */
export function useHistory(crawler: string, dueAt: number | null) {
  const parts = ["crawlers", crawler, "history"] as const;
  return useInfiniteQuery({
    queryKey: [...parts],
    queryFn: ({ pageParam, signal }) =>
      get<Page<PastCrawl>>(parts, { page_size: HISTORY_PAGE, page_token: pageParam }, signal),
    initialPageParam: null as string | null,
    getNextPageParam: (last) => last.next_page_token,
    placeholderData: keepPreviousData,
    refetchInterval: (state) => {
      if (state.state.data?.pages.some((page) => page.items.some((item) => !isFinal(item.state))))
        return RUNNING_POLL_MS;
      return dueAt === null
        ? false
        : Math.min(Math.max(dueAt + RUNNING_POLL_MS - Date.now(), RUNNING_POLL_MS), HOUR_MS);
    },
  });
}
/** What a cron text says in words, and when it is due. */
export const useTimes = (cron: string, zone: string) =>
  useQuery({
    queryKey: ["schedules", "times", cron, zone],
    queryFn: ({ signal }) => get<Times>(["schedules", "times"], { cron, zone }, signal),
    enabled: cron.trim() !== "" && zone.trim() !== "",
    placeholderData: keepPreviousData,
    retry: false,
  });
export const useCrawl = (id: string) => useLive<Crawl>(["crawls", id]);
export const useCrawlChanges = (id: string) => usePages<TableDifference>(["crawls", id, "changes"], { page_size: 200 });
export const useRuns = (job?: string, pageSize = 50) => useLiveList<Run>(["runs"], { job, page_size: pageSize });
export const useRun = (id: string) => useLive<Run>(["runs", id]);
export const useQueryRun = (id: string) => useLive<Query>(["queries", id], 500, 30);
export const useCareRun = (id: string) => useLive<CareRun>(["care-runs", id], 500, 30);
export const useEvents = (limit: number) =>
  useGet<{ items: CatalogEvent[]; last_number: number }>(["events"], { limit });

const TOUCHED: readonly [prefix: string, keys: readonly string[]][] = [
  ["crawl_", ["crawls", "crawlers"]],
  ["run_", ["runs", "jobs"]],
];

/** What an event makes stale. */
export function refreshAfter(client: QueryClient, event: CatalogEvent): void {
  void client.invalidateQueries({ queryKey: ["events"] });
  void client.invalidateQueries({ queryKey: ["info"] });
  for (const [prefix, keys] of TOUCHED)
    if (event.kind.startsWith(prefix)) for (const key of keys) void client.invalidateQueries({ queryKey: [key] });
  if (event.kind.endsWith("_connection")) void client.invalidateQueries({ queryKey: ["connections"] });
  if (event.kind.endsWith("_catalog")) void client.invalidateQueries({ queryKey: ["catalogs"], exact: false });
  else if (event.catalog !== null) void client.invalidateQueries({ queryKey: ["catalogs", event.catalog] });
}
