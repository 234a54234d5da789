// One value of a result, whole and laid out.
import { useEffect, useRef } from "react";
import { valueLines } from "../lib/values";
import { Copy } from "./basics";

interface ValueDialogProps {
  title: string;
  type: string;
  value: unknown;
  onClose: () => void;
}

export function ValueDialog({ title, type, value, onClose }: ValueDialogProps) {
  const dialog = useRef<HTMLDialogElement>(null);
  useEffect(() => dialog.current?.showModal(), []);
  const text = valueLines(value, type);
  return (
    <dialog
      ref={dialog}
      className="value"
      onClose={onClose}
      onKeyDown={(event) => event.stopPropagation()}
      onClick={(event) => event.target === dialog.current && dialog.current.close()}
      aria-label={`Value of ${title}`}
    >
      <div className="title-line">
        <h2>{title}</h2>
        <code className="muted">{type}</code>
        <Copy text={text} label="Copy the value" />
      </div>
      <pre tabIndex={0}>{text}</pre>
    </dialog>
  );
}
