// Walking a grid by keys: where the active cell goes.
export interface Place {
  row: number;
  column: number;
}

const PAGE_ROWS = 15;

/** The place that a key leads to, held inside the grid; null for keys that do not walk. */
export function walk(from: Place | null, key: string, control: boolean, rows: number, columns: number): Place | null {
  const moves: Record<string, [row: number, column: number]> = {
    ArrowDown: [1, 0],
    ArrowUp: [-1, 0],
    ArrowRight: [0, 1],
    ArrowLeft: [0, -1],
    PageDown: [PAGE_ROWS, 0],
    PageUp: [-PAGE_ROWS, 0],
    Home: [control ? -rows : 0, -columns],
    End: [control ? rows : 0, columns],
  };
  const move = moves[key];
  if (move === undefined || rows === 0 || columns === 0) return null;
  if (from === null) return { row: 0, column: 0 };
  return { row: hold(from.row + move[0], rows), column: hold(from.column + move[1], columns) };
}

const hold = (value: number, count: number): number => Math.max(0, Math.min(count - 1, value));
