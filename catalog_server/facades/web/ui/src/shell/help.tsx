// The keys that work, shown by `?`.
import { useEffect, useRef, useState } from "react";
import { isTyping } from "./searchbar";

const KEYS: readonly [keys: readonly string[], what: string][] = [
  [["/", "Ctrl K"], "search everything"],
  [["t"], "go to the tree"],
  [["↑", "↓"], "walk the tree; → opens, ← closes, Enter shows"],
  [["Ctrl ⏎"], "run the statement at the cursor"],
  [["Ctrl Space"], "complete a name"],
  [["←", "→"], "change the tab, when one has the focus"],
  [["←", "↑", "⏎"], "walk a grid of rows; Enter shows a value whole"],
  [["?"], "this list"],
];

export function Help() {
  const dialog = useRef<HTMLDialogElement>(null);
  const [open, setOpen] = useState(false);
  useEffect(() => {
    const onKey = (event: KeyboardEvent) => {
      if (event.ctrlKey || event.metaKey || event.altKey || isTyping(event.target)) return;
      if (event.key === "?") setOpen(true);
      else if (event.key === "t") {
        event.preventDefault();
        document.querySelector<HTMLElement>("[role=tree]")?.focus();
      }
    };
    window.addEventListener("keydown", onKey);
    return () => window.removeEventListener("keydown", onKey);
  }, []);
  useEffect(() => {
    if (open) dialog.current?.showModal();
  }, [open]);
  return (
    <>
      <button
        type="button"
        className="button quiet square"
        onClick={() => setOpen(true)}
        aria-label="Keys"
        title="Keys (?)"
      >
        <strong>?</strong>
      </button>
      {open && (
        <dialog
          ref={dialog}
          onClose={() => setOpen(false)}
          onClick={(event) => event.target === dialog.current && dialog.current.close()}
          aria-label="Keys"
        >
          <h2>Keys</h2>
          <dl className="keys-list">
            {KEYS.map(([keys, what]) => (
              <div key={what}>
                <dt>
                  {keys.map((key) => (
                    <kbd key={key}>{key}</kbd>
                  ))}
                </dt>
                <dd>{what}</dd>
              </div>
            ))}
          </dl>
        </dialog>
      )}
    </>
  );
}
