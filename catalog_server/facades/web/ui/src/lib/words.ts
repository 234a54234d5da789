// Words of the API as people say them.
const EVENTS: Record<string, string> = {
  create_table: "created",
  alter_table: "altered",
  drop_table: "dropped",
  add_partitions: "partitions added",
  alter_partitions: "partitions altered",
  drop_partitions: "partitions dropped",
};

export const eventWords = (kind: string): string => EVENTS[kind] ?? kind.replaceAll("_", " ");

const DOORS: Record<string, string> = {
  thrift: "the Hive Metastore port",
  "iceberg-rest": "Iceberg REST",
  api: "the JSON API",
  web: "these pages",
  cli: "the command line",
  grpc: "gRPC",
  sql: "SQL",
  crawl: "a crawl",
  undo: "the undo of a crawl",
  job: "a job run",
  internal: "the server itself",
};

export const doorWords = (via: string | null): string => (via === null ? "an unknown door" : (DOORS[via] ?? via));

/** The page of the crawl or job run that did something. */
export function runPath(via: string | null, run: string | null): readonly string[] | null {
  if (run === null) return null;
  return via === "crawl" || via === "undo" ? ["crawls", run] : ["runs", run];
}

/** `rows_read` -> "Rows read". */
export function label(key: string): string {
  const words = key.replaceAll("_", " ");
  return words.charAt(0).toUpperCase() + words.slice(1);
}
