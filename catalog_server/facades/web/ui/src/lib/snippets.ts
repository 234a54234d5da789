// How to reach this server, or one table of it, from each engine: text to copy.
import type { Info, Table } from "../api/types";

export interface Snippet {
  id: string;
  label: string;
  /** Why a table cannot be read this way, when it cannot. */
  note?: string;
  code: string;
}

const THRIFT = "thrift://127.0.0.1:9083";

const quoteSql = (name: string): string => (/^[a-z_][a-z0-9_]*$/.test(name) ? name : `"${name.replaceAll('"', '""')}"`);
const quoteSpark = (name: string): string =>
  /^[a-z_][a-z0-9_]*$/i.test(name) ? name : `\`${name.replaceAll("`", "``")}\``;

/** The table's name in Trino's SQL, which is ours. */
export const sqlName = (...names: string[]): string => names.map(quoteSql).join(".");

const thriftOf = (info: Info): string => info.addresses.thrift ?? THRIFT;
const icebergOf = (info: Info): string =>
  info.addresses.iceberg ?? `${info.addresses.http ?? window.location.origin}/iceberg`;

function spark(info: Info, statement: string): string {
  return `spark-sql \\
  --packages org.apache.iceberg:iceberg-spark-runtime-4.1_2.13:1.12.0 \\
  --conf spark.sql.catalogImplementation=hive \\
  --conf spark.hadoop.hive.metastore.uris=${thriftOf(info)} \\
  --conf spark.sql.catalog.lake=org.apache.iceberg.spark.SparkCatalog \\
  --conf spark.sql.catalog.lake.type=rest \\
  --conf spark.sql.catalog.lake.uri=${icebergOf(info)} \\
  -e "${statement}"`;
}

/** Trino's file system for a location; local files unless it says otherwise. */
const trinoFiles = (location: string | null): string =>
  /^s3[an]?:/.test(location ?? "") ? "fs.native-s3.enabled=true" : "fs.hadoop.enabled=true";

function trino(info: Info, statement: string, location: string | null = null): string {
  return `# etc/catalog/hive.properties
connector.name=hive
hive.metastore.uri=${thriftOf(info)}
${trinoFiles(location)}

# etc/catalog/lake.properties
connector.name=iceberg
iceberg.catalog.type=rest
iceberg.rest-catalog.uri=${icebergOf(info)}
${trinoFiles(location)}

-- then
${statement}`;
}

function pyiceberg(info: Info, rest: string): string {
  return `from pyiceberg.catalog import load_catalog

catalog = load_catalog("lake", type="rest", uri="${icebergOf(info)}")
${rest}`;
}

/** Snippets that connect an engine to the server. */
export function serverSnippets(info: Info): Snippet[] {
  const http = info.addresses.http ?? window.location.origin;
  return [
    { id: "spark", label: "Spark", code: spark(info, "SHOW DATABASES") },
    { id: "trino", label: "Trino", code: trino(info, "SHOW SCHEMAS FROM hive;") },
    { id: "pyiceberg", label: "PyIceberg", code: pyiceberg(info, "print(catalog.list_namespaces())") },
    {
      id: "python",
      label: "Python (SQL)",
      code: `import httpx

api = httpx.Client(base_url="${http}/api/v1", timeout=60)
query = api.post("/queries", json={"sql": "SHOW SCHEMAS"}).json()
query = api.get(f"/queries/{query['id']}", params={"wait_ms": 30000}).json()
print(api.get(f"/queries/{query['id']}/rows").json()["rows"])`,
    },
    {
      id: "cli",
      label: "Command line",
      code: `catalog --server ${http} databases list\ncatalog --server ${http} sql "SELECT 1"`,
    },
  ];
}

const READERS: Record<string, string> = { parquet: "read_parquet", csv: "read_csv", json: "read_json" };

function duckdb(table: Table, info: Info): Snippet {
  const base = { id: "duckdb", label: "DuckDB" };
  if (table.format === "iceberg")
    return {
      ...base,
      code: `INSTALL iceberg; LOAD iceberg;
ATTACH '' AS lake (TYPE iceberg, ENDPOINT '${icebergOf(info)}', AUTHORIZATION_TYPE 'none');
SELECT * FROM lake.${sqlName(table.database, table.name)} LIMIT 10;`,
    };
  const reader = READERS[table.format];
  if (reader === undefined || table.location === null)
    return {
      ...base,
      note: `DuckDB has no reader for ${table.format} files here; ask for it in SQL on this server instead.`,
      code: "",
    };
  const hive = table.partition_keys.length > 0;
  const files = `${table.location.replace(/^file:(\/\/)?/, "").replace(/\/$/, "")}/**/*${table.format === "parquet" ? ".parquet" : ""}`;
  return {
    ...base,
    code: `SELECT * FROM ${reader}('${files.replaceAll("'", "''")}'${hive ? ", hive_partitioning = true" : ""}) LIMIT 10;`,
  };
}

/** Snippets that read one table. */
export function tableSnippets(table: Table, info: Info): Snippet[] {
  const here = sqlName(table.catalog, table.database, table.name);
  const connected = table.kind === "CONNECTION_TABLE";
  const iceberg = table.format === "iceberg";
  const note = `This table lives behind the connection ${table.connection ?? ""}, which only this server's SQL can reach.`;
  const sparkName = [...(iceberg ? ["lake"] : []), quoteSpark(table.database), quoteSpark(table.name)].join(".");
  const trinoName = sqlName(iceberg ? "lake" : "hive", table.database, table.name);
  const sql: Snippet = { id: "sql", label: "SQL here", code: `catalog sql 'SELECT * FROM ${here} LIMIT 10'` };
  if (connected)
    return [sql, { id: "spark", label: "Spark", note, code: "" }, { id: "trino", label: "Trino", note, code: "" }];
  const onlyIceberg = "PyIceberg reads Iceberg tables only; this one is " + table.format + ".";
  return [
    sql,
    { id: "spark", label: "Spark", code: spark(info, `SELECT * FROM ${sparkName} LIMIT 10`) },
    { id: "trino", label: "Trino", code: trino(info, `SELECT * FROM ${trinoName} LIMIT 10;`, table.location) },
    iceberg
      ? {
          id: "pyiceberg",
          label: "PyIceberg",
          code: pyiceberg(
            info,
            `table = catalog.load_table(("${table.database}", "${table.name}"))\nprint(table.scan(limit=10).to_arrow())`,
          ),
        }
      : { id: "pyiceberg", label: "PyIceberg", note: onlyIceberg, code: "" },
    duckdb(table, info),
  ];
}
