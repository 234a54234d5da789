// SQL in the editor: Trino's words, and completion of the catalog's own names.
import type { Completion, CompletionContext, CompletionResult } from "@codemirror/autocomplete";
import { SQLDialect, keywordCompletionSource } from "@codemirror/lang-sql";
import { LanguageSupport } from "@codemirror/language";
import type { Extension } from "@codemirror/state";
import { get } from "../api/client";
import type { Catalog, Database, Page, Table, TableSummary } from "../api/types";
import { sqlName } from "../lib/snippets";
import { mentions, nameParts, statementAt } from "../lib/statements";

const words = (text: string): string => text.trim().replace(/\s+/g, " ");

const KEYWORDS = words(`
  add all alter analyze and any array as asc at between both by call cascade case cast catalogs column columns
  comment commit create cross cube current current_date current_time current_timestamp deallocate delete desc
  describe distinct drop else end escape except execute exists explain extract false fetch filter first following
  for format from full function functions grant group grouping having if in inner insert intersect interval into
  is join lateral leading left like limit localtime localtimestamp matched merge natural next no not null nulls of
  offset on only or order ordinality outer over partition partitions preceding prepare properties range recursive
  rename replace reset revoke right rollback rollup row rows schema schemas select session set sets show some
  start stats table tables tablesample then to trailing true try_cast unbounded union unnest update using values
  view when where window with within year month day hour minute second`);
const TYPES =
  "boolean tinyint smallint integer int bigint real double decimal varchar char varbinary date time timestamp json uuid map zone";
const FUNCTIONS = words(`
  abs approx_distinct approx_percentile arbitrary array_agg array_join avg bool_and bool_or cardinality ceil
  coalesce concat contains count count_if date_add date_diff date_format date_parse date_trunc dense_rank
  element_at first_value floor format format_datetime from_unixtime greatest if json_extract json_extract_scalar
  json_parse lag last_value lead least length listagg lower ltrim max max_by min min_by mod now nullif
  parse_datetime power rank regexp_extract regexp_like regexp_replace replace reverse round row_number rtrim
  sequence slice split split_part sqrt starts_with stddev strpos substr sum to_unixtime transform trim try typeof
  upper url_extract_host variance year`);

export const trinoDialect = SQLDialect.define({
  keywords: KEYWORDS,
  types: TYPES,
  builtin: FUNCTIONS,
  identifierQuotes: '"',
  doubleQuotedStrings: false,
  backslashEscapes: false,
  operatorChars: "*+-%<>!=|/",
});

export interface Place {
  catalog: string;
  database: string;
}

const kept = new Map<string, { at: number; answer: Promise<Completion[]> }>();
const KEPT_MS = 30_000;

function keep(key: string, ask: () => Promise<Completion[]>): Promise<Completion[]> {
  const held = kept.get(key);
  if (held !== undefined && Date.now() - held.at < KEPT_MS) return held.answer;
  const answer = ask().catch(() => []);
  kept.set(key, { at: Date.now(), answer });
  return answer;
}

const option = (label: string, detail: string, boost = 0): Completion => ({
  label,
  apply: sqlName(label),
  detail,
  boost,
});

const catalogs = () =>
  keep("catalogs", async () =>
    (await get<Page<Catalog>>(["catalogs"])).items.map((item) => option(item.name, "catalog", -2)),
  );

const databases = (catalog: string) =>
  keep(`d ${catalog}`, async () =>
    (await get<Page<Database>>(["catalogs", catalog, "databases"], { page_size: 1000 })).items.map((item) =>
      option(item.name, "database", -1),
    ),
  );

const tables = (catalog: string, database: string) =>
  keep(`t ${catalog} ${database}`, async () =>
    (
      await get<Page<TableSummary>>(["catalogs", catalog, "databases", database, "tables"], { page_size: 1000 })
    ).items.map((item) => option(item.name, item.format, 1)),
  );

const columns = (catalog: string, database: string, table: string) =>
  keep(`c ${catalog} ${database} ${table}`, async () => {
    const found = await get<Table>(["catalogs", catalog, "databases", database, "tables", table]);
    return [...found.columns, ...found.partition_keys].map((column) =>
      option(column.name, column.type.slice(0, 30), 2),
    );
  });

function columnsOf(path: readonly string[], place: Place): Promise<Completion[]> {
  const [table = "", database = place.database, catalog = place.catalog] = [...path].reverse();
  return database === "" ? Promise.resolve([]) : columns(catalog, database, table);
}

/** Names that may follow `path.`: columns of a table or alias, tables of a database, databases of a catalog. */
async function under(path: string[], statement: string, place: Place): Promise<Completion[]> {
  const last = path.at(-1)?.toLowerCase();
  const named = mentions(statement).find(
    (each) => (each.alias ?? each.path.at(-1))?.toLowerCase() === last && path.length === 1,
  );
  if (named !== undefined) return columnsOf(named.path, place);
  if (path.length === 3) return columnsOf(path, place);
  if (path.length === 2) return [...(await tables(path[0] ?? "", path[1] ?? "")), ...(await columnsOf(path, place))];
  return [...(await databases(path[0] ?? "")), ...(await tables(place.catalog, path[0] ?? ""))];
}

async function free(statement: string, place: Place): Promise<Completion[]> {
  const lists = await Promise.all([
    ...mentions(statement).map((each) => columnsOf(each.path, place)),
    place.database === "" ? Promise.resolve([]) : tables(place.catalog, place.database),
    databases(place.catalog),
    catalogs(),
  ]);
  const seen = new Set<string>();
  return lists.flat().filter((each) => !seen.has(each.label) && seen.add(each.label));
}

async function names(context: CompletionContext, place: Place): Promise<CompletionResult | null> {
  const dotted = context.matchBefore(/(?:(?:"(?:[^"]|"")+"|[\w$]+)\.)+"?[\w$]*/);
  const word = context.matchBefore(/[\w$]+/);
  if (dotted === null && word === null && !context.explicit) return null;
  const text = context.state.doc.toString();
  const statement = statementAt(text, context.pos)?.text ?? "";
  if (dotted !== null) {
    const cut = dotted.text.lastIndexOf(".");
    const options = await under(nameParts(dotted.text.slice(0, cut)), statement, place);
    return { from: dotted.from + cut + 1, options, validFor: /^"?[\w$]*$/ };
  }
  return { from: word?.from ?? context.pos, options: await free(statement, place), validFor: /^[\w$]*$/ };
}

/** SQL highlighting and completion; `place` tells where bare names are looked up. */
export function sqlExtensions(place: () => Place): Extension[] {
  const keywords = keywordCompletionSource(trinoDialect, true);
  const afterDot = (context: CompletionContext) => context.matchBefore(/\.[\w$]*/) !== null;
  return [
    new LanguageSupport(trinoDialect.language),
    trinoDialect.language.data.of({ autocomplete: (context: CompletionContext) => names(context, place()) }),
    trinoDialect.language.data.of({
      autocomplete: (context: CompletionContext) => (afterDot(context) ? null : keywords(context)),
    }),
  ];
}
