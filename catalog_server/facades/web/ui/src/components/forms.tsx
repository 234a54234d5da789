// Parts of forms: labelled fields, lists of texts, key=value lines.
import { type ReactNode, useId } from "react";

interface FieldProps {
  label: string;
  hint?: ReactNode;
  error?: string | null;
  children: (id: string) => ReactNode;
}

export function Field({ label, hint, error, children }: FieldProps) {
  const id = useId();
  return (
    <div className="field">
      <label htmlFor={id}>{label}</label>
      {children(id)}
      {error !== undefined && error !== null && (
        <span className="error" role="alert">
          {error}
        </span>
      )}
      {hint !== undefined && <span className="hint">{hint}</span>}
    </div>
  );
}

interface TextProps {
  label: string;
  value: string;
  onChange: (value: string) => void;
  hint?: ReactNode;
  placeholder?: string;
  required?: boolean;
  mono?: boolean;
  rows?: number;
  type?: string;
  list?: readonly string[];
  autoFocus?: boolean;
  error?: string | null;
}

export function TextField({
  label,
  value,
  onChange,
  hint,
  placeholder,
  required,
  mono,
  rows,
  type = "text",
  list,
  autoFocus,
  error,
}: TextProps) {
  const options = useId();
  const shared = {
    className: mono === true ? "input mono" : "input",
    value,
    placeholder,
    required,
    autoFocus,
    spellCheck: false,
    autoComplete: "off",
    "aria-invalid": error !== undefined && error !== null,
  };
  return (
    <Field label={label} hint={hint} error={error ?? null}>
      {(id) =>
        rows === undefined ? (
          <>
            <input
              id={id}
              type={type}
              list={list === undefined ? undefined : options}
              onChange={(event) => onChange(event.target.value)}
              {...shared}
            />
            {list !== undefined && (
              <datalist id={options}>
                {list.map((each) => (
                  <option key={each} value={each} />
                ))}
              </datalist>
            )}
          </>
        ) : (
          <textarea id={id} rows={rows} onChange={(event) => onChange(event.target.value)} {...shared} />
        )
      }
    </Field>
  );
}

export function SelectField({
  label,
  value,
  onChange,
  options,
  hint,
}: {
  label: string;
  value: string;
  onChange: (value: string) => void;
  options: readonly string[];
  hint?: ReactNode;
}) {
  return (
    <Field label={label} hint={hint}>
      {(id) => (
        <select id={id} className="input" value={value} onChange={(event) => onChange(event.target.value)}>
          {options.map((option) => (
            <option key={option}>{option}</option>
          ))}
        </select>
      )}
    </Field>
  );
}
