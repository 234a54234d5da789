// One table: what it is, and behind tabs everything that is known of it.
import { useEffect, useState } from "react";
import { useAlterTable, useCatalogs, useTable } from "../api/queries";
import type { Table } from "../api/types";
import { Bytes, Copy, Count, FormatBadge, Link, When, kindName } from "../components/basics";
import { Editable } from "../components/editable";
import { Answer } from "../components/feedback";
import { Icon } from "../components/icons";
import { Fact, Facts, PageFrame, Panel, type Tab, Tabs } from "../components/layout";
import { remember } from "../lib/recent";
import { sqlName } from "../lib/snippets";
import { href, useParam } from "../router";
import { CareTab } from "./table_care";
import { ColumnsTab } from "./table_columns";
import { ConvertDialog, ReadersNote, canConvert } from "./table_convert";
import { LineageTab, PropertiesTab, UseTab } from "./table_facts";
import { PartitionsTab, SampleTab } from "./table_rows";
import { VersionsTab } from "./table_versions";

/** A mounted table is cared for where it is kept. */
function tabsOf(table: Table, mounted: boolean): Tab[] {
  const tabs: Tab[] = [
    {
      id: "columns",
      label: "Columns",
      count: table.columns.length + table.partition_keys.length,
      render: () => <ColumnsTab table={table} />,
    },
  ];
  if (table.view_original !== null)
    tabs.push({
      id: "definition",
      label: "Definition",
      render: () => (
        <Panel body>
          <pre className="scroll">{table.view_original}</pre>
        </Panel>
      ),
    });
  if (table.partition_keys.length > 0)
    tabs.push({
      id: "partitions",
      label: "Partitions",
      count: table.statistics?.partition_count ?? null,
      render: () => <PartitionsTab table={table} />,
    });
  tabs.push(
    { id: "sample", label: "Sample", render: () => <SampleTab table={table} /> },
    { id: "versions", label: "Versions", count: table.version, render: () => <VersionsTab table={table} /> },
    ...(table.format === "iceberg" && table.view_original === null && !mounted
      ? [{ id: "care", label: "Care", render: () => <CareTab table={table} /> }]
      : []),
    { id: "lineage", label: "Where it came from", render: () => <LineageTab table={table} /> },
    {
      id: "properties",
      label: "Properties",
      count: Object.keys(table.parameters).length,
      render: () => <PropertiesTab table={table} />,
    },
    { id: "use", label: "Use", render: () => <UseTab table={table} /> },
  );
  return tabs;
}

function Head({ table }: { table: Table }) {
  const statistics = table.statistics;
  return (
    <Facts>
      {table.location !== null && (
        <Fact label="Location">
          <span className="mono cut" title={table.location}>
            {table.location}
          </span>
          <Copy text={table.location} label="Copy the location" />
        </Fact>
      )}
      {table.connection !== null && (
        <Fact label="Connection">
          <Link to={href(["connections", table.connection])}>{table.connection}</Link>
        </Fact>
      )}
      {statistics !== null && statistics.row_count !== null && (
        <Fact label="Rows">
          <Count value={statistics.row_count} />
        </Fact>
      )}
      {statistics !== null && statistics.total_bytes !== null && (
        <Fact label="Size">
          <Bytes value={statistics.total_bytes} />
        </Fact>
      )}
      {statistics !== null && statistics.file_count !== null && (
        <Fact label="Files">
          <Count value={statistics.file_count} />
        </Fact>
      )}
      {table.partition_keys.length > 0 && (
        <Fact label="Partitioned by">
          <code>{table.partition_keys.map((key) => key.name).join(", ")}</code>
        </Fact>
      )}
      <Fact label="Owner">
        {table.owner === null || table.owner === "" ? <span className="faint">none</span> : table.owner}
      </Fact>
      <Fact label="Updated">
        <When at={table.updated_at ?? table.created_at} />
        {table.updated_by !== null && <span className="muted">by {table.updated_by}</span>}
      </Fact>
    </Facts>
  );
}

interface Names {
  catalog: string;
  database: string;
  table: string;
}

export function TablePage({ catalog, database, table }: Names) {
  const found = useTable(catalog, database, table);
  const [tab] = useParam("tab", "columns");
  const catalogs = useCatalogs();
  const mounted = catalogs.data?.items.find((each) => each.name === catalog)?.kind === "hive";
  const format = found.data?.format;
  useEffect(() => {
    if (format !== undefined) remember({ catalog, database, table, format });
  }, [catalog, database, table, format]);
  const alter = useAlterTable(catalog, database, table);
  const [converting, setConverting] = useState(false);
  const name = sqlName(catalog, database, table);
  const badges = found.data !== undefined && (
    <>
      <Copy text={name} label="Copy the qualified name" />
      <FormatBadge format={found.data.format} />
      {!["view", "connection"].includes(found.data.format) && (
        <span className="badge">{kindName(found.data.kind)}</span>
      )}
    </>
  );
  return (
    <PageFrame
      title={table}
      documentTitle={`${database}.${table}`}
      crumbs={[
        { label: catalog, to: href(["catalogs", catalog]) },
        { label: database, to: href(["catalogs", catalog, database]) },
      ]}
      badges={badges}
      lede={
        found.data !== undefined && (
          <Editable
            value={found.data.comment}
            label="Comment"
            placeholder="Say what this table holds"
            onSave={(comment) => alter({ comment })}
          />
        )
      }
      actions={
        <>
          {found.data !== undefined && canConvert(found.data) && (
            <button type="button" className="button" onClick={() => setConverting(true)}>
              Convert…
            </button>
          )}
          <Link className="button" to={href(["sql"], { sql: `SELECT *\nFROM ${name}\nLIMIT 100`, catalog, database })}>
            <Icon name="sql" /> Query
          </Link>
        </>
      }
    >
      <Answer of={found} lines={8}>
        {(data) => (
          <>
            <Head table={data} />
            <ReadersNote table={data} onConvert={() => setConverting(true)} />
            {converting && <ConvertDialog table={data} onClose={() => setConverting(false)} />}
            <Tabs tabs={tabsOf(data, mounted)} active={tab} label="About this table" />
          </>
        )}
      </Answer>
    </PageFrame>
  );
}
