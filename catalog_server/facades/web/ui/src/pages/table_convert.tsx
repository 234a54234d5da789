// Converting a table that not all engines read: what is said above the table, and the dialog that makes the job.
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useEffect, useRef, useState } from "react";
import { post } from "../api/client";
import { useConversion, useInfo } from "../api/queries";
import type { Conversion, Table } from "../api/types";
import { ErrorNote } from "../components/feedback";
import { Field, TextField } from "../components/forms";
import { Icon } from "../components/icons";
import { enginesIn, notFor } from "../lib/readers";
import { href, navigate } from "../router";

const FORMATS: readonly { id: string; label: string; hint: string }[] = [
  { id: "iceberg", label: "Iceberg", hint: "one table that every engine reads and writes, with history" },
  { id: "parquet", label: "Parquet", hint: "files that every engine reads, in folders by partition" },
];
const ANY = "";

/** Tables of files, and whatever else the server's SQL reads. */
export const canConvert = (table: Table) => table.format !== "iceberg" && table.format !== "iceberg-view";

/** Says which engines do not read the table, and what to do about it. */
export function ReadersNote({ table, onConvert }: { table: Table; onConvert: () => void }) {
  const said = table.parameters.readable_by;
  if (said === undefined) return null;
  return (
    <div className="notice warn readers" role="note">
      <Icon name="alert" />
      <p>
        {enginesIn(said)} {said.includes(",") ? "read" : "reads"} this table rightly; {notFor(said)} cannot. Converted to
        Iceberg or Parquet it is for all of them.
      </p>
      <button type="button" className="button" onClick={onConvert}>
        Convert…
      </button>
    </div>
  );
}

function useConvert(table: Table) {
  const client = useQueryClient();
  return useMutation({
    mutationFn: (wanted: Record<string, string>) =>
      post<Conversion>(["catalogs", table.catalog, "databases", table.database, "tables", table.name, "conversion"], wanted),
    onSuccess: (made) => {
      void client.invalidateQueries({ queryKey: ["jobs"] });
      void client.invalidateQueries({ queryKey: ["runs"] });
      navigate(href(made.run === null ? ["jobs", made.job.name] : ["runs", made.run.id]));
    },
  });
}

function FormatChoice({ value, onChange }: { value: string; onChange: (value: string) => void }) {
  return (
    <fieldset className="choices">
      <legend>New format</legend>
      {FORMATS.map((format) => (
        <label key={format.id} className="choice">
          <input
            type="radio"
            name="format"
            value={format.id}
            checked={value === format.id}
            onChange={() => onChange(format.id)}
          />
          <span>
            <strong>{format.label}</strong> <span className="muted">{format.hint}</span>
          </span>
        </label>
      ))}
    </fieldset>
  );
}

export function ConvertDialog({ table, onClose }: { table: Table; onClose: () => void }) {
  const dialog = useRef<HTMLDialogElement>(null);
  useEffect(() => dialog.current?.showModal(), []);
  const [format, setFormat] = useState("iceberg");
  const [target, setTarget] = useState<string | null>(null);
  const [location, setLocation] = useState("");
  const [engine, setEngine] = useState(ANY);
  const name = target ?? `${table.database}.${table.name}_${format}`;
  const dot = name.lastIndexOf(".");
  const wanted = {
    format,
    database: dot < 0 ? table.database : name.slice(0, dot),
    name: name.slice(dot + 1),
    ...(location.trim() === "" ? {} : { location: location.trim() }),
    ...(engine === ANY ? {} : { engine }),
  };
  const planned = useConversion(table.catalog, table.database, table.name, wanted);
  const convert = useConvert(table);
  const info = useInfo();
  const engines = info.data?.engines ?? [];
  return (
    <dialog
      ref={dialog}
      className="convert"
      onClose={onClose}
      onKeyDown={(event) => event.stopPropagation()}
      aria-labelledby="convert-title"
    >
      <form
        className="form"
        onSubmit={(event) => {
          event.preventDefault();
          convert.mutate(wanted);
        }}
      >
        <h2 id="convert-title">Convert {table.name}</h2>
        <p className="muted">
          A job makes a new table of all its rows. This one stays as it is; run the job again to make the new one anew.
        </p>
        <FormatChoice value={format} onChange={setFormat} />
        <TextField label="New table" value={name} onChange={setTarget} mono required hint="database.table" />
        <details>
          <summary className="muted">More</summary>
          <div className="form">
            <TextField
              label="Location"
              value={location}
              onChange={setLocation}
              mono
              placeholder="s3://bucket/folder/"
              hint="Of its files; else below its database's."
            />
            <Field label="Read by" hint="Spark reads lakes larger than one machine; it must be installed.">
              {(id) => (
                <select id={id} className="input" value={engine} onChange={(event) => setEngine(event.target.value)}>
                  <option value={ANY}>what can</option>
                  <option value="sail">the server&apos;s SQL</option>
                  <option value="spark" disabled={!engines.includes("spark")}>
                    Spark
                  </option>
                </select>
              )}
            </Field>
          </div>
        </details>
        {planned.data !== undefined && (
          <details>
            <summary className="muted">
              The job <code>{planned.data.job.name}</code>, on {planned.data.job.engine}
            </summary>
            <pre tabIndex={0} aria-label="Script of the job">
              {planned.data.job.script}
            </pre>
          </details>
        )}
        {planned.error !== null && convert.error === null && <ErrorNote error={planned.error} />}
        {convert.error !== null && <ErrorNote error={convert.error} />}
        <div className="row">
          <button type="button" className="button" onClick={() => dialog.current?.close()}>
            Cancel
          </button>
          <button
            type="submit"
            className="button primary"
            disabled={convert.isPending || planned.data === undefined || planned.error !== null}
          >
            {planned.data?.exists === true ? "Run the job again" : "Make and run the job"}
          </button>
        </div>
      </form>
    </dialog>
  );
}
