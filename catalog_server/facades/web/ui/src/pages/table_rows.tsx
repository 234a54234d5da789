// A table's partitions and a sample of its rows.
import { useDeferredValue, useState } from "react";
import { usePartitions, useSample } from "../api/queries";
import type { Table } from "../api/types";
import { Copy, Count, Empty, When } from "../components/basics";
import { Answer, ErrorNote, Skeleton } from "../components/feedback";
import { More, Panel } from "../components/layout";
import { ResultGrid } from "../components/result_grid";
import { useParam } from "../router";

function example(table: Table): string {
  const key = table.partition_keys[0];
  if (key === undefined) return "";
  return /^(tinyint|smallint|int|bigint)$/.test(key.type) ? `${key.name} >= 2024` : `${key.name} = '…'`;
}

export function PartitionsTab({ table }: { table: Table }) {
  const [filter, setFilter] = useParam("where");
  const [text, setText] = useState(filter);
  const asked = useDeferredValue(filter);
  const partitions = usePartitions(table.catalog, table.database, table.name, asked);
  const items = partitions.data?.pages.flatMap((page) => page.items) ?? [];
  const total = partitions.data?.pages[0]?.total;
  const form = (
    <form
      className="row"
      onSubmit={(event) => {
        event.preventDefault();
        setFilter(text.trim(), true);
      }}
    >
      <input
        className="input mono"
        size={38}
        value={text}
        placeholder={example(table)}
        aria-label="Filter expression"
        aria-invalid={partitions.error !== null}
        spellCheck={false}
        onChange={(event) => setText(event.target.value)}
      />
      <button type="submit" className="button">
        Filter
      </button>
    </form>
  );
  const title = (
    <h2>
      Partitions{" "}
      {total !== undefined && total !== null && (
        <span className="faint">
          <Count value={total} />
        </span>
      )}
    </h2>
  );
  return (
    <Panel title={title} end={form}>
      {partitions.error !== null && (
        <div className="body">
          <ErrorNote error={partitions.error} />
        </div>
      )}
      {partitions.isPending && <Skeleton />}
      {partitions.data !== undefined && items.length === 0 && partitions.error === null && (
        <Empty title={filter === "" ? "No partitions yet" : "No partition matches"} />
      )}
      {items.length > 0 && (
        <div className="scroll">
          <table className="table">
            <thead>
              <tr>
                {table.partition_keys.map((key) => (
                  <th key={key.name}>{key.name}</th>
                ))}
                <th>Location</th>
                <th className="right">Rows</th>
                <th>Created</th>
              </tr>
            </thead>
            <tbody>
              {items.map((partition) => (
                <tr key={partition.name}>
                  {partition.values.map((value, at) => (
                    <td key={at} className="name mono">
                      {value}
                    </td>
                  ))}
                  <td className="mono muted">
                    <span className="row">
                      {partition.location}
                      {partition.location !== null && <Copy text={partition.location} label="Copy the location" />}
                    </span>
                  </td>
                  <td className="right">
                    <Count value={rowsOf(partition.parameters)} />
                  </td>
                  <td className="muted">
                    <When at={partition.created_at} />
                  </td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
      <More pages={partitions} />
    </Panel>
  );
}

function rowsOf(parameters: Readonly<Record<string, string>>): number | null {
  const said = parameters.numRows ?? parameters["spark.sql.statistics.numRows"];
  const rows = said === undefined ? Number.NaN : Number(said);
  return Number.isFinite(rows) && rows >= 0 ? rows : null;
}

const SIZES = ["20", "100", "500"];

export function SampleTab({ table }: { table: Table }) {
  const [rows, setRows] = useParam("rows", "20");
  const sample = useSample(table.catalog, table.database, table.name, Number(rows) || 20);
  const choice = (
    <label className="row muted">
      rows
      <select className="input" value={rows} onChange={(event) => setRows(event.target.value)}>
        {SIZES.map((size) => (
          <option key={size}>{size}</option>
        ))}
      </select>
    </label>
  );
  return (
    <Panel title="First rows" end={choice}>
      <Answer of={sample} lines={8}>
        {(data) =>
          data.rows.length === 0 ? (
            <Empty title="The table is empty" />
          ) : (
            <ResultGrid
              columns={data.columns}
              rows={data.rows}
              height={Math.min(620, data.rows.length * 26 + 64)}
              label="Sample rows"
            />
          )
        }
      </Answer>
    </Panel>
  );
}
