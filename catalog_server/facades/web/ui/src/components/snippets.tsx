// Snippets behind tabs of their own, the choice kept in the URL as `with`.
import type { Snippet as Text } from "../lib/snippets";
import { useParam } from "../router";
import { Snippet } from "./basics";

export function Snippets({ items }: { items: readonly Text[] }) {
  const [chosen, choose] = useParam("with", items[0]?.id ?? "");
  const current = items.find((item) => item.id === chosen) ?? items[0];
  if (current === undefined) return null;
  return (
    <div className="stack">
      <div className="facets" role="group" aria-label="With">
        {items.map((item) => (
          <button
            key={item.id}
            type="button"
            className="chip"
            aria-pressed={item === current}
            onClick={() => choose(item.id)}
          >
            {item.label}
          </button>
        ))}
      </div>
      {current.note !== undefined && <p className="muted">{current.note}</p>}
      {current.code !== "" && <Snippet code={current.code} label={`${current.label} snippet`} />}
    </div>
  );
}
