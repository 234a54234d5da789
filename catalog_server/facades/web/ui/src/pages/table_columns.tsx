// A table's columns: types that can be read, comments, and what is known of their values.
import { useEffect, useRef, useState } from "react";
import type { Column, ColumnStatistics, Table } from "../api/types";
import { cell, count, exact } from "../lib/format";
import { isNested, typeFamily, typeLines } from "../lib/types";
import { label } from "../lib/words";
import { useAlterTable } from "../api/queries";
import { Empty } from "../components/basics";
import { Editable } from "../components/editable";
import { Icon } from "../components/icons";
import { Panel } from "../components/layout";
import { useParam } from "../router";

export function TypeText({ type }: { type: string }) {
  const lines = typeLines(type);
  const [open, setOpen] = useState(lines.length <= 8);
  if (!isNested(type) || lines.length === 1)
    return <code className={`type type-${typeFamily(type)}`}>{lines[0]?.text ?? type}</code>;
  const shown = open ? lines : lines.slice(0, 6);
  return (
    <div className="type type-tree">
      {shown.map((line, at) => (
        <span
          key={at}
          ref={(element) => {
            element?.style.setProperty("--depth", String(line.depth));
          }}
        >
          {line.name !== null && <span className="field-name">{line.name} </span>}
          <span className={`type-${typeFamily(line.text)}`}>{line.text}</span>
        </span>
      ))}
      {shown.length < lines.length && (
        <span>
          <button type="button" className="button quiet small" onClick={() => setOpen(true)}>
            {lines.length - shown.length} more fields
          </button>
        </span>
      )}
    </div>
  );
}

const SHOWN: readonly string[] = [
  "low",
  "high",
  "num_distinct",
  "num_nulls",
  "average_length",
  "max_length",
  "num_trues",
  "num_falses",
];
const WORDS: Record<string, string> = {
  low: "min",
  high: "max",
  num_distinct: "distinct",
  num_nulls: "nulls",
  average_length: "avg length",
  max_length: "max length",
  num_trues: "true",
  num_falses: "false",
};

function Statistics({ of }: { of: ColumnStatistics | undefined }) {
  if (of === undefined) return null;
  return (
    <>
      {SHOWN.filter((key) => of.data[key] !== undefined && of.data[key] !== null).map((key) => {
        const value = of.data[key];
        return (
          <span
            key={key}
            className="stat"
            title={typeof value === "number" ? `${label(key)}: ${exact(value)}` : label(key)}
          >
            <span>{WORDS[key] ?? key}</span>
            <span className="number muted">
              {typeof value === "number" && key.startsWith("num_") ? count(value) : cell(value)}
            </span>
          </span>
        );
      })}
    </>
  );
}

interface LineProps {
  column: Column;
  at: number;
  isKey: boolean;
  statistics: ColumnStatistics | undefined;
  marked: boolean;
  withStatistics: boolean;
  alter: (change: unknown) => Promise<unknown>;
}

function ColumnLine({ column, at, isKey, statistics, marked, withStatistics, alter }: LineProps) {
  const line = useRef<HTMLTableRowElement>(null);
  useEffect(() => {
    if (marked) line.current?.scrollIntoView({ block: "center" });
  }, [marked]);
  return (
    <tr ref={line}>
      <td className="index faint number right">{at + 1}</td>
      <td className="name mono">
        {marked ? <mark>{column.name}</mark> : column.name}
        {isKey && (
          <span title="partition key">
            {" "}
            <Icon name="key" className="key-icon" />
          </span>
        )}
      </td>
      <td>
        <TypeText type={column.type} />
      </td>
      <td className="muted">
        <Editable
          value={column.comment}
          label={`Comment of ${column.name}`}
          placeholder="comment"
          onSave={(comment) => alter({ column_comments: { [column.name]: comment } })}
        />
      </td>
      {withStatistics && (
        <td>
          <Statistics of={statistics} />
        </td>
      )}
    </tr>
  );
}

export function ColumnsTab({ table }: { table: Table }) {
  const [filter, setFilter] = useParam("columns");
  const [marked] = useParam("column");
  const alter = useAlterTable(table.catalog, table.database, table.name);
  const keys = new Set(table.partition_keys.map((key) => key.name.toLowerCase()));
  const all = [
    ...table.columns,
    ...table.partition_keys.filter((key) => !table.columns.some((column) => column.name === key.name)),
  ];
  const words = filter.trim().toLowerCase();
  const shown = all
    .map((column, at) => ({ column, at }))
    .filter(
      ({ column }) =>
        words === "" ||
        column.name.toLowerCase().includes(words) ||
        (column.comment ?? "").toLowerCase().includes(words),
    );
  const statistics = new Map((table.statistics?.columns ?? []).map((each) => [each.column.toLowerCase(), each]));
  const box = all.length > 12 && (
    <input
      className="input"
      type="search"
      value={filter}
      placeholder="Filter columns"
      aria-label="Filter the columns"
      onChange={(event) => setFilter(event.target.value)}
    />
  );
  if (all.length === 0)
    return (
      <Panel>
        <Empty title="No columns">The definition names none; its format may carry them in the files.</Empty>
      </Panel>
    );
  return (
    <Panel title={box === false ? undefined : "Columns"} end={box === false ? undefined : box}>
      <div className="scroll">
        <table className="table">
          <thead>
            <tr>
              <th />
              <th>Name</th>
              <th>Type</th>
              <th>Comment</th>
              {statistics.size > 0 && <th>Values</th>}
            </tr>
          </thead>
          <tbody>
            {shown.map(({ column, at }) => (
              <ColumnLine
                key={at}
                column={column}
                at={at}
                isKey={keys.has(column.name.toLowerCase())}
                statistics={statistics.get(column.name.toLowerCase())}
                marked={marked !== "" && column.name.toLowerCase() === marked.toLowerCase()}
                withStatistics={statistics.size > 0}
                alter={alter}
              />
            ))}
          </tbody>
        </table>
      </div>
      {shown.length === 0 && <Empty title={`No column is named like “${filter}”`} />}
    </Panel>
  );
}
