// Waiting, failing and asking back: skeletons, errors, toasts and the confirmation of what cannot be undone.
import { type ReactNode, createContext, useCallback, useContext, useEffect, useMemo, useRef, useState } from "react";
import { ApiError } from "../api/client";
import { Icon } from "./icons";

export function Skeleton({ lines = 4 }: { lines?: number }) {
  return (
    <div className="skeleton" role="status" aria-label="Loading">
      {Array.from({ length: lines }, (_, at) => (
        <span key={at} style={{ width: `${88 - ((at * 23) % 50)}%` }} />
      ))}
    </div>
  );
}

export function ErrorNote({ error, retry }: { error: unknown; retry?: () => void }) {
  const body = error instanceof ApiError ? error.body : null;
  return (
    <div className="notice" role="alert">
      <Icon name="alert" />
      <div>
        <pre>{error instanceof Error ? error.message : String(error)}</pre>
        {body !== null && (
          <small>
            {body.type}
            {body.request_id != null && (
              <>
                {" "}
                · request <code>{body.request_id}</code>
              </>
            )}
          </small>
        )}
      </div>
      {retry !== undefined && (
        <button type="button" className="button small" onClick={retry}>
          Try again
        </button>
      )}
    </div>
  );
}

interface Asked<T> {
  data: T | undefined;
  error: unknown;
  isPending: boolean;
  refetch: () => unknown;
}

/** Shows an answer when it is there, else that it is awaited or why it failed. */
export function Answer<T>({
  of,
  children,
  lines = 4,
}: {
  of: Asked<T>;
  children: (data: T) => ReactNode;
  lines?: number;
}) {
  if (of.data !== undefined) return <>{children(of.data)}</>;
  if (of.error !== null) return <ErrorNote error={of.error} retry={() => void of.refetch()} />;
  return <Skeleton lines={lines} />;
}

type Tone = "good" | "bad";
type Tell = (message: string, tone?: Tone) => void;
const Toasts = createContext<Tell>(() => undefined);

/** Says something in the corner; `fail` words an error with its request id. */
export function useToast(): { tell: Tell; fail: (error: unknown) => void } {
  const tell = useContext(Toasts);
  return useMemo(
    () => ({
      tell,
      fail: (error) => {
        const id = error instanceof ApiError ? error.body.request_id : undefined;
        tell(`${error instanceof Error ? error.message : String(error)}${id == null ? "" : ` (request ${id})`}`, "bad");
      },
    }),
    [tell],
  );
}

export function ToastProvider({ children }: { children: ReactNode }) {
  const [toasts, setToasts] = useState<{ id: number; message: string; tone: Tone }[]>([]);
  const next = useRef(0);
  const tell = useCallback<Tell>((message, tone = "good") => {
    const id = next.current++;
    setToasts((now) => [...now.slice(-3), { id, message, tone }]);
    setTimeout(() => setToasts((now) => now.filter((toast) => toast.id !== id)), tone === "bad" ? 9000 : 4000);
  }, []);
  return (
    <Toasts.Provider value={tell}>
      {children}
      <div className="toasts" role="status" aria-live="polite">
        {toasts.map((toast) => (
          <div key={toast.id} className={`notice ${toast.tone === "good" ? "good" : ""}`}>
            {toast.message}
          </div>
        ))}
      </div>
    </Toasts.Provider>
  );
}

interface ConfirmProps {
  title: string;
  /** What must be typed before the button works. */
  word: string;
  action: string;
  children: ReactNode;
  onConfirm: () => void;
  onClose: () => void;
}

/** Asks for the thing's name before it is dropped. */
export function Confirm({ title, word, action, children, onConfirm, onClose }: ConfirmProps) {
  const dialog = useRef<HTMLDialogElement>(null);
  const [typed, setTyped] = useState("");
  useEffect(() => dialog.current?.showModal(), []);
  return (
    <dialog ref={dialog} onClose={onClose} aria-label={title}>
      <form method="dialog" onSubmit={() => typed === word && onConfirm()} className="stack">
        <h2>{title}</h2>
        <div className="muted">{children}</div>
        <div className="field">
          <label htmlFor="confirm-word">
            Type <code>{word}</code> to go on
          </label>
          <input
            id="confirm-word"
            className="input"
            value={typed}
            autoComplete="off"
            onChange={(event) => setTyped(event.target.value)}
          />
        </div>
        <div className="row">
          <button type="button" className="button" onClick={() => dialog.current?.close()}>
            Keep it
          </button>
          <button type="submit" className="button danger" disabled={typed !== word}>
            {action}
          </button>
        </div>
      </form>
    </dialog>
  );
}
