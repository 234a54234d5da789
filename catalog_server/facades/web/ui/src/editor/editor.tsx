// The code editor as a React part: the text goes in and out, the rest is extensions.
import { EditorState, type Extension } from "@codemirror/state";
import { EditorView } from "@codemirror/view";
import { useEffect, useRef } from "react";
import { commonExtensions } from "./setup";

interface EditorProps {
  value: string;
  onChange: (value: string) => void;
  label: string;
  /** Read once, when the editor is made. */
  extensions: readonly Extension[];
  onReady?: (view: EditorView) => void;
  boxed?: boolean;
  autoFocus?: boolean;
}

export function CodeEditor({
  value,
  onChange,
  label,
  extensions,
  onReady,
  boxed = false,
  autoFocus = false,
}: EditorProps) {
  const host = useRef<HTMLDivElement>(null);
  const view = useRef<EditorView>(null);
  const changed = useRef(onChange);
  changed.current = onChange;
  useEffect(() => {
    if (host.current === null) return;
    const made = new EditorView({
      parent: host.current,
      state: EditorState.create({
        doc: value,
        extensions: [
          ...extensions,
          ...commonExtensions(),
          EditorView.contentAttributes.of({ "aria-label": label }),
          EditorView.updateListener.of((update) => {
            if (update.docChanged) changed.current(update.state.doc.toString());
          }),
        ],
      }),
    });
    view.current = made;
    if (autoFocus) {
      made.focus();
      made.dispatch({ selection: { anchor: made.state.doc.length } });
    }
    onReady?.(made);
    return () => {
      made.destroy();
      view.current = null;
    };
    // The editor lives as long as the part; later values are brought in below.
  }, []);
  useEffect(() => {
    const now = view.current;
    if (now !== null && now.state.doc.toString() !== value)
      now.dispatch({ changes: { from: 0, to: now.state.doc.length, insert: value } });
  }, [value]);
  return <div className={boxed ? "editor boxed" : "editor"} ref={host} />;
}
