// A text that is changed where it stands: Enter or leaving saves, Escape leaves it as it was.
import { type KeyboardEvent, useState } from "react";
import { useToast } from "./feedback";

interface EditableProps {
  value: string | null;
  label: string;
  placeholder: string;
  onSave: (value: string | null) => Promise<unknown>;
}

export function Editable({ value, label, placeholder, onSave }: EditableProps) {
  const [draft, setDraft] = useState<string | null>(null);
  const [saving, setSaving] = useState(false);
  const { fail } = useToast();
  const save = () => {
    if (draft === null || saving) return;
    const text = draft.trim();
    if (text === (value ?? "")) return setDraft(null);
    setSaving(true);
    onSave(text === "" ? null : text)
      .then(() => setDraft(null), fail)
      .finally(() => setSaving(false));
  };
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.key === "Enter") {
      event.preventDefault();
      save();
    } else if (event.key === "Escape") setDraft(null);
  };
  if (draft !== null)
    return (
      <input
        className="input editable-input"
        value={draft}
        aria-label={label}
        autoFocus
        disabled={saving}
        onChange={(event) => setDraft(event.target.value)}
        onKeyDown={onKeyDown}
        onBlur={save}
      />
    );
  const empty = value === null || value === "";
  return (
    <button
      type="button"
      className={empty ? "editable nothing" : "editable"}
      title={`Change the ${label.toLowerCase()}`}
      onClick={() => setDraft(value ?? "")}
    >
      {empty ? placeholder : value}
    </button>
  );
}
