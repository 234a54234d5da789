// A grid of rows of which only those in view exist; it is walked by keys, and Enter shows a value whole.
import { type ColumnDef, getCoreRowModel, useReactTable } from "@tanstack/react-table";
import { type Virtualizer, useVirtualizer } from "@tanstack/react-virtual";
import { type KeyboardEvent, type RefObject, useEffect, useId, useMemo, useRef, useState } from "react";
import type { ResultColumn } from "../api/types";
import { type Place, walk } from "../lib/cells";
import { typeFamily } from "../lib/types";
import { valueText } from "../lib/values";
import { copyText } from "./basics";
import { ValueDialog } from "./value_dialog";

const ROW_HEIGHT = 26;
const CHARACTER_WIDTH = 7.3;
const WIDTH_MAX = 420;

type Rows = readonly (readonly unknown[])[];

interface GridProps {
  columns: readonly ResultColumn[];
  rows: Rows;
  /** Called when the last rows come into view and there may be more. */
  onEnd?: (() => void) | undefined;
  height?: number | string;
  label: string;
}

function widthOf(column: ResultColumn, rows: Rows, at: number): number {
  let longest = Math.max(column.name.length + 1, Math.min(column.type.length, 22) * 0.86);
  for (const row of rows.slice(0, 60)) longest = Math.max(longest, (valueText(row[at], column.type) ?? "null").length);
  return Math.round(Math.min(WIDTH_MAX, Math.max(56, longest * CHARACTER_WIDTH + 24)));
}

/** Widths that follow the first rows, and can be dragged. */
function useHeaders(columns: readonly ResultColumn[], rows: Rows) {
  const hasRows = rows.length > 0;
  const definitions = useMemo<ColumnDef<readonly unknown[]>[]>(
    () =>
      columns.map((column, at) => ({
        id: String(at),
        accessorFn: (row) => row[at],
        size: widthOf(column, rows, at),
        minSize: 40,
      })),
    // Widths settle with the first rows and stay while more arrive.
    [columns, hasRows],
  );
  const table = useReactTable({
    data: rows as (readonly unknown[])[],
    columns: definitions,
    getCoreRowModel: getCoreRowModel(),
    columnResizeMode: "onChange",
  });
  return { headers: table.getFlatHeaders(), total: table.getTotalSize() };
}

/** Brings a cell into view: its row by the virtualizer, its column by hand, clear of the row numbers. */
function show(
  place: Place,
  scroller: RefObject<HTMLDivElement | null>,
  virtual: Virtualizer<HTMLDivElement, Element>,
  widths: readonly number[],
  fixed: number,
): void {
  virtual.scrollToIndex(place.row, { align: "auto" });
  const box = scroller.current;
  if (box === null) return;
  const left = widths.slice(0, place.column).reduce((sum, width) => sum + width, 0);
  const right = left + (widths[place.column] ?? 0);
  if (left < box.scrollLeft) box.scrollLeft = left;
  else if (right + fixed > box.scrollLeft + box.clientWidth) box.scrollLeft = right + fixed - box.clientWidth;
}

export function ResultGrid({ columns, rows, onEnd, height = "100%", label }: GridProps) {
  const scroller = useRef<HTMLDivElement>(null);
  const id = useId();
  const [active, setActive] = useState<Place | null>(null);
  const [opened, setOpened] = useState<Place | null>(null);
  const { headers, total } = useHeaders(columns, rows);
  const virtual = useVirtualizer({
    count: rows.length,
    getScrollElement: () => scroller.current,
    estimateSize: () => ROW_HEIGHT,
    overscan: 12,
    scrollPaddingStart: 44,
  });
  const items = virtual.getVirtualItems();
  const last = items.at(-1)?.index ?? 0;
  useEffect(() => {
    if (last >= rows.length - 20) onEnd?.();
  }, [last, rows.length, onEnd]);
  const families = useMemo(() => columns.map((column) => typeFamily(column.type)), [columns]);
  const numberWidth = Math.max(38, String(rows.length).length * CHARACTER_WIDTH + 26);
  const textAt = (place: Place) => valueText(rows[place.row]?.[place.column], columns[place.column]?.type ?? "");

  const onKeyDown = (event: KeyboardEvent) => {
    const control = event.ctrlKey || event.metaKey;
    if (active !== null && event.key === "Enter") setOpened(active);
    else if (active !== null && control && event.key === "c" && window.getSelection()?.isCollapsed !== false)
      void copyText(textAt(active) ?? "");
    else {
      const next = walk(active, event.key, control, rows.length, columns.length);
      if (next === null) return;
      setActive(next);
      show(
        next,
        scroller,
        virtual,
        headers.map((header) => header.getSize()),
        numberWidth,
      );
    }
    event.preventDefault();
  };
  const cellId = (place: Place) => `${id}-${place.row}-${place.column}`;
  return (
    <div
      className="grid"
      ref={scroller}
      style={{ height }}
      tabIndex={0}
      role="grid"
      aria-label={label}
      aria-rowcount={rows.length + 1}
      aria-activedescendant={active === null ? undefined : cellId(active)}
      onKeyDown={onKeyDown}
    >
      <div className="grid-head" role="row" style={{ minWidth: numberWidth + total }}>
        <div className="row-number" style={{ width: numberWidth }} aria-hidden="true" />
        {headers.map((header, at) => (
          <div
            key={header.id}
            role="columnheader"
            className={families[at] === "number" ? "number-col" : ""}
            style={{ width: header.getSize() }}
          >
            <strong className="cut" title={columns[at]?.name}>
              {columns[at]?.name}
            </strong>
            <small className={`cut type-${families[at]}`} title={columns[at]?.type}>
              {columns[at]?.type}
            </small>
            <span
              className="grid-resizer"
              onMouseDown={header.getResizeHandler()}
              onTouchStart={header.getResizeHandler()}
              onDoubleClick={() => header.column.resetSize()}
            />
          </div>
        ))}
      </div>
      <div style={{ height: virtual.getTotalSize(), width: numberWidth + total, position: "relative" }}>
        {items.map((item) => (
          <div key={item.key} className="grid-row" role="row" style={{ transform: `translateY(${item.start}px)` }}>
            <div className="row-number" style={{ width: numberWidth }} aria-hidden="true">
              {item.index + 1}
            </div>
            {headers.map((header, at) => (
              <Cell
                key={header.id}
                id={cellId({ row: item.index, column: at })}
                text={textAt({ row: item.index, column: at })}
                width={header.getSize()}
                right={families[at] === "number"}
                active={active?.row === item.index && active.column === at}
                onPick={() => setActive({ row: item.index, column: at })}
                onOpen={() => setOpened({ row: item.index, column: at })}
              />
            ))}
          </div>
        ))}
      </div>
      {opened !== null && (
        <ValueDialog
          title={columns[opened.column]?.name ?? ""}
          type={columns[opened.column]?.type ?? ""}
          value={rows[opened.row]?.[opened.column]}
          onClose={() => setOpened(null)}
        />
      )}
    </div>
  );
}

interface CellProps {
  id: string;
  text: string | null;
  width: number;
  right: boolean;
  active: boolean;
  onPick: () => void;
  onOpen: () => void;
}

function Cell({ id, text, width, right, active, onPick, onOpen }: CellProps) {
  return (
    <div
      id={id}
      role="gridcell"
      className={right ? "number-col" : ""}
      style={{ width }}
      aria-selected={active}
      title={text !== null && text.length * CHARACTER_WIDTH > width - 20 ? text.slice(0, 500) : undefined}
      onMouseDown={onPick}
      onDoubleClick={onOpen}
    >
      {text ?? <span className="null">null</span>}
    </div>
  );
}
