// The inputs of table care's options and of the properties that hold them.
import { TextField } from "../components/forms";
import { type Draft, type OptionField, problemOf } from "../lib/care_options";

const SUGGESTED: Partial<Record<OptionField["kind"], readonly string[]>> = {
  age: ["12h", "1d", "3d", "7d", "30d"],
  milliseconds: ["1d", "5d", "7d", "30d", "90d"],
  size: ["64M", "128M", "256M", "512M"],
};

export function OptionInputs({
  fields,
  draft,
  onChange,
}: {
  fields: readonly OptionField[];
  draft: Draft;
  onChange: (draft: Draft) => void;
}) {
  return (
    <div className="care-fields">
      {fields.map((field) => {
        const value = draft[field.option] ?? "";
        const put = (text: string) => onChange({ ...draft, [field.option]: text });
        if (field.kind === "flag")
          return (
            <label key={field.option} className="check">
              <input
                type="checkbox"
                checked={value === "true"}
                onChange={(event) => put(event.target.checked ? "true" : "")}
              />
              <span>{field.label}</span>
            </label>
          );
        const list = SUGGESTED[field.kind];
        return (
          <TextField
            key={field.option}
            label={field.label}
            value={value}
            onChange={put}
            hint={field.hint}
            error={problemOf(field, value)}
            {...(list === undefined ? {} : { list })}
          />
        );
      })}
    </div>
  );
}
