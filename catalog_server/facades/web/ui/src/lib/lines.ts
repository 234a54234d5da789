// Forms take lists as lines and maps as `key = value` lines.
export const linesOf = (text: string): string[] =>
  text
    .split("\n")
    .map((line) => line.trim())
    .filter((line) => line !== "");

/** Raises an error that names the line without `=`. */
export function pairsOf(text: string): Record<string, string> {
  const pairs: Record<string, string> = {};
  for (const line of linesOf(text)) {
    const cut = line.indexOf("=");
    if (cut <= 0) throw new Error(`“${line}” has no key: write key = value`);
    pairs[line.slice(0, cut).trim()] = line.slice(cut + 1).trim();
  }
  return pairs;
}

export const pairsText = (pairs: Readonly<Record<string, string>>): string =>
  Object.entries(pairs)
    .map(([key, value]) => `${key} = ${value}`)
    .join("\n");
