// The JSON API's shapes, as /api/v1/openapi.json describes them. Times are milliseconds since 1970.
export type Time = number | null;

export interface Page<T> {
  items: T[];
  next_page_token: string | null;
}

export interface Info {
  version: string;
  default_catalog: string;
  addresses: { http: string | null; thrift: string | null; iceberg: string | null };
  counts: Record<string, number>;
  engines: string[];
  user: string | null;
  started_at: Time;
}

export interface Catalog {
  name: string;
  kind: "native" | "hive";
  uri: string | null;
  comment: string | null;
  location: string | null;
  parameters: Record<string, string>;
}

export interface Database {
  catalog: string;
  name: string;
  comment: string | null;
  location: string | null;
  owner: string | null;
  parameters: Record<string, string>;
  version: number;
  created_at: Time;
  table_count: number | null;
}

export interface Column {
  name: string;
  type: string;
  comment: string | null;
  parameters?: Record<string, string>;
}

export interface TableSummary {
  catalog: string;
  database: string;
  name: string;
  kind: string;
  format: string;
  comment: string | null;
  location: string | null;
  owner: string | null;
  connection: string | null;
  column_count: number;
  partitioned: boolean;
  version: number;
  created_at: Time;
  updated_at: Time;
  updated_by: string | null;
}

export interface ColumnStatistics {
  column: string;
  type: string;
  kind: string;
  data: Record<string, unknown>;
  engine: string;
  updated_at: Time;
}

export interface TableStatistics {
  row_count: number | null;
  file_count: number | null;
  total_bytes: number | null;
  partition_count: number | null;
  columns: ColumnStatistics[];
}

export interface Made {
  version: number;
  at: Time;
  by: string | null;
  via: string | null;
  run: string | null;
}

export interface Storage {
  input_format: string | null;
  output_format: string | null;
  serde: { library: string | null; name: string | null; parameters: Record<string, string> };
  compressed: boolean;
  bucket_count: number;
  bucket_columns: string[];
  sort_columns: [string, number][];
  parameters: Record<string, string>;
}

export interface Table extends TableSummary {
  columns: Column[];
  partition_keys: Column[];
  parameters: Record<string, string>;
  storage: Storage;
  view_original: string | null;
  view_expanded: string | null;
  metadata_location: string | null;
  statistics: TableStatistics | null;
  lineage: { created: Made | null; updated: Made | null } | null;
}

export interface Partition {
  name: string;
  values: string[];
  location: string | null;
  parameters: Record<string, string>;
  created_at: Time;
}

export interface PartitionPage extends Page<Partition> {
  total: number | null;
}

export interface VersionSummary extends Made {
  name: string;
  column_count: number;
}

export interface TableVersion extends Made {
  table: Table;
}

export interface ResultColumn {
  name: string;
  type: string;
}

export interface Sample {
  columns: ResultColumn[];
  rows: unknown[][];
}

export interface RowPage extends Sample {
  row_offset: number;
  row_count: number | null;
  next_page_token: string | null;
}

export interface Hit {
  kind: string;
  catalog: string | null;
  database: string | null;
  name: string;
  column: string | null;
  comment: string | null;
  format: string | null;
  matched: string[];
}

export interface ErrorBody {
  type: string;
  message: string;
  line?: number | null;
  column?: number | null;
  request_id?: string | null;
}

export interface Query {
  id: string;
  sql: string;
  catalog: string | null;
  database: string | null;
  state: string;
  columns: ResultColumn[] | null;
  row_count: number | null;
  truncated: boolean;
  statistics: {
    elapsed_ms?: number | null;
    queued_ms?: number | null;
    rows_read?: number | null;
    bytes_read?: number | null;
    files_read?: number | null;
  } | null;
  progress: number | null;
  error: ErrorBody | null;
  created_at: Time;
  started_at: Time;
  finished_at: Time;
  by: string | null;
}

export interface Connection {
  name: string;
  kind: string;
  url: string | null;
  options: Record<string, string>;
  secret_names: string[];
  prefixes: string[];
  vending: boolean;
  comment: string | null;
  version: number;
  created_at: Time;
}

export interface ConnectionTest {
  ok: boolean;
  message: string;
  elapsed_ms: number;
}

/** What a crawl did to one table, or to the database where no table is named. */
export interface TableDifference {
  catalog: string;
  database: string;
  table: string | null;
  what: "added" | "changed" | "removed";
  version_before: number | null;
  version_after: number | null;
  columns: { name: string; before: string | null; after: string | null }[];
  partitions_added: number;
  partitions_changed: number;
  partitions_dropped: number;
  undone: boolean;
}

export interface Crawl {
  id: string;
  crawler: string;
  preview: boolean;
  undo_of: string | null;
  undone_at: Time;
  undone_by: string | null;
  /** Whether it applies events as they come. */
  follows: boolean;
  state: string;
  created_at: Time;
  started_at: Time;
  finished_at: Time;
  by: string | null;
  started_by: "person" | "schedule" | "events";
  due_at: Time;
  error: string | null;
  waits_for: string | null;
  progress: Record<string, unknown>;
  summary: Record<string, unknown>;
}

/** One line of a crawler's history. */
export interface PastCrawl {
  id: string;
  state: string;
  preview: boolean;
  undo_of: string | null;
  undone_at: Time;
  started_by: Crawl["started_by"];
  by: string | null;
  due_at: Time;
  created_at: Time;
  started_at: Time;
  finished_at: Time;
  took_ms: number | null;
  error: string | null;
  waits_for: string | null;
  tables_added: number;
  tables_changed: number;
  tables_removed: number;
  tables_unchanged: number;
  tables_refused: number;
  partitions_added: number;
  partitions_changed: number;
  partitions_dropped: number;
  objects: number;
  bytes: number;
  problems: number;
}

export interface Schedule {
  cron: string;
  zone: string;
  words: string;
  missed: "once" | "none";
  overlap: "skip" | "queue";
  paused: boolean;
  next_at: number | null;
  next_times: number[];
  by: string | null;
  created_at: Time;
}

/** What a cron text says, and when it is due. */
export interface Times {
  words: string;
  next_times: number[];
}

export interface Crawler {
  name: string;
  targets: string[];
  catalog: string;
  database: string;
  table_prefix: string;
  options: Record<string, string>;
  comment: string | null;
  version: number;
  created_at: Time;
  last_crawl: Crawl | null;
  schedule: Schedule | null;
}

/** How far a crawler is with events of objects. */
export interface CrawlEvents {
  source: string | null;
  has_token: boolean;
  received: number;
  waiting: number;
  unsettled: number;
  received_at: Time;
  applied_at: Time;
  lag_ms: number;
  confirm_url: string | null;
  skipped: number;
  problem: string | null;
  problem_at: Time;
  crawl: string | null;
}

export interface Run {
  id: string;
  job: string;
  state: string;
  engine: string;
  arguments: Record<string, string>;
  attempt: number;
  created_at: Time;
  started_at: Time;
  finished_at: Time;
  outputs: Record<string, unknown>[];
  /** Tables and paths that were read. */
  inputs?: string[];
  history?: { state: string; at: Time; attempt: number }[];
  error: string | null;
  by: string | null;
}

export interface Job {
  name: string;
  script: string;
  engine: string;
  master: string | null;
  arguments: Record<string, string>;
  outputs: string[];
  configuration: Record<string, string>;
  timeout_seconds: number;
  retries_max: number;
  comment: string | null;
  version: number;
  created_at: Time;
  last_run: Run | null;
}

/** The job that converts a table, and the table that it makes. */
export interface Conversion {
  job: Job;
  database: string;
  table: string;
  readable_by: string | null;
  exists: boolean;
  run: Run | null;
}

export type Operation = "rewrite" | "expire-snapshots" | "remove-orphans";

export interface Amount {
  files: number;
  bytes: number;
}

export const FILE_KINDS = [
  "unreferenced",
  "data",
  "deletes",
  "statistics",
  "manifests",
  "manifest-lists",
  "metadata",
] as const;

/** What a run of table care did, or a dry run would do; which numbers there are depends on the operation. */
export interface CareSummary extends Partial<Record<(typeof FILE_KINDS)[number], Amount>> {
  files?: number;
  bytes?: number;
  sample?: string[];
  snapshots?: number;
  refs?: number;
  /** Files left because something else needs them. */
  spared?: number;
  seen?: number;
  rows?: number;
  new_files?: number;
  /** Other tables whose files could not be told. */
  unread?: string[];
}

export interface CareRun {
  id: string;
  operation: Operation;
  catalog: string;
  database: string;
  table: string;
  options: Record<string, unknown>;
  dry_run: boolean;
  state: string;
  created_at: Time;
  started_at: Time;
  finished_at: Time;
  /** Nobody where a policy asked for it. */
  by: string | null;
  error: string | null;
  progress: Record<string, unknown>;
  summary: CareSummary;
}

/** How an operation stands with a table. */
export interface OperationState {
  operation: Operation;
  policy: { every_ms: number; options: Record<string, unknown> } | null;
  /** 0 for at once. */
  due_at: number | null;
  problem: string | null;
  refusal: string | null;
  last: CareRun | null;
}

/** An Iceberg table at a glance; null where its writers did not say. */
export interface CareState {
  snapshots: number;
  refs: number;
  oldest_snapshot_at: Time;
  newest_snapshot_at: Time;
  rows: number | null;
  data_files: number | null;
  delete_files: number | null;
  bytes: number | null;
  target_bytes: number | null;
  max_snapshot_age_ms: number | null;
  min_snapshots: number | null;
  max_ref_age_ms: number | null;
  expiring_snapshots: number;
  expiring_refs: number;
  deletes_files: boolean;
  operations: OperationState[];
  at_work: CareRun | null;
}

export interface LogPage {
  text: string;
  offset: number;
  next_offset: number;
  complete: boolean;
}

export interface CatalogEvent {
  number: number;
  kind: string;
  catalog: string | null;
  database: string | null;
  table: string | null;
  payload: Record<string, unknown>;
  at: Time;
  by: string | null;
  via: string | null;
  run: string | null;
}

/** Whether a query, a crawl, a run or table care has come to its end. */
export const isFinal = (state: string): boolean =>
  ["FINISHED", "SUCCEEDED", "FAILED", "CANCELLED", "TIMED_OUT", "SKIPPED"].includes(state);
