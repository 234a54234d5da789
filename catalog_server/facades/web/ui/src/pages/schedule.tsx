// When a crawler is started by itself: the editor of a schedule, and the panel that shows one.
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { patch, post, remove } from "../api/client";
import { useTimes } from "../api/queries";
import type { Crawler, Schedule } from "../api/types";
import { Due } from "../components/basics";
import { ErrorNote, useToast } from "../components/feedback";
import { Field, SelectField, TextField } from "../components/forms";
import { Icon } from "../components/icons";
import { Panel } from "../components/layout";
import {
  type Chosen,
  RHYTHMS,
  type Rhythm,
  WEEKDAYS,
  chosenOf,
  cronOf,
  onClocks,
  unscheduled,
  zones,
} from "../lib/schedule";

const DAYS = [...Array.from({ length: 28 }, (_, at) => String(at + 1)), "last"];
const OVERLAPS = { skip: "skip that time", queue: "crawl once more afterwards" } as const;
const MISSES = { once: "crawl once when it is up again", none: "leave those times out" } as const;

/** The key of a word in one of the tables above. */
const keyOf = <K extends string>(words: Readonly<Record<K, string>>, word: string): K =>
  (Object.keys(words) as K[]).find((key) => words[key] === word) as K;

/** The body that the API takes; nothing where nothing is due. */
export function bodyOf(chosen: Chosen): object | null {
  const cron = cronOf(chosen);
  return cron === null ? null : { cron, zone: chosen.zone, missed: chosen.missed, overlap: chosen.overlap };
}

function NextTimes({ cron, zone }: { cron: string; zone: string }) {
  const times = useTimes(cron, zone);
  if (times.error !== null)
    return (
      <p className="notice" role="alert">
        {times.error.message}
      </p>
    );
  if (times.data === undefined) return null;
  return (
    <div className="next-times" aria-live="polite">
      <strong>{times.data.words}</strong>
      <TimeList times={times.data.next_times} zone={zone} />
    </div>
  );
}

function TimeList({ times, zone }: { times: readonly number[]; zone: string }) {
  return (
    <ol aria-label="Next times">
      {times.map((at) => (
        <li key={at} className="number">
          {onClocks(at, zone)}
        </li>
      ))}
    </ol>
  );
}

/** The editor of a schedule; `optional` lets it be none. */
export function ScheduleFields({
  chosen,
  onChange,
  optional = true,
}: {
  chosen: Chosen;
  onChange: (chosen: Chosen) => void;
  optional?: boolean;
}) {
  const set = (changes: Partial<Chosen>) => onChange({ ...chosen, ...changes });
  const cron = cronOf(chosen);
  const choose = (rhythm: Rhythm) => set(rhythm === "cron text" && cron !== null ? { rhythm, cron } : { rhythm });
  return (
    <div className="stack">
      <div className="columns-2">
        <SelectField
          label="Crawl"
          value={chosen.rhythm}
          onChange={(rhythm) => choose(rhythm as Rhythm)}
          options={optional ? RHYTHMS : RHYTHMS.slice(1)}
        />
        {chosen.rhythm === "every week" && (
          <SelectField label="On" value={chosen.weekday} onChange={(weekday) => set({ weekday })} options={WEEKDAYS} />
        )}
        {chosen.rhythm === "every month" && (
          <SelectField label="On day" value={chosen.day} onChange={(day) => set({ day })} options={DAYS} />
        )}
        {chosen.rhythm === "every hour" ? (
          <Field label="At minute">
            {(id) => (
              <input
                id={id}
                className="input"
                type="number"
                min={0}
                max={59}
                value={Number(chosen.time.slice(3))}
                onChange={(event) => set({ time: `00:${String(Number(event.target.value) % 60).padStart(2, "0")}` })}
              />
            )}
          </Field>
        ) : chosen.rhythm === "cron text" ? (
          <TextField
            label="Cron text"
            value={chosen.cron}
            onChange={(text) => set({ cron: text })}
            mono
            required
            hint="Minute, hour, day of month, month, day of week; or AWS Glue's cron(…)."
          />
        ) : (
          cron !== null && (
            <TextField label="At" type="time" value={chosen.time} onChange={(time) => time !== "" && set({ time })} />
          )
        )}
        {cron !== null && (
          <TextField label="Time zone" value={chosen.zone} onChange={(zone) => set({ zone })} list={zones()} required />
        )}
      </div>
      {cron !== null && (
        <>
          <NextTimes cron={cron} zone={chosen.zone} />
          <div className="columns-2">
            <SelectField
              label="If a crawl is still at work then"
              value={OVERLAPS[chosen.overlap]}
              onChange={(word) => set({ overlap: keyOf(OVERLAPS, word) })}
              options={Object.values(OVERLAPS)}
            />
            <SelectField
              label="If the server was down then"
              value={MISSES[chosen.missed]}
              onChange={(word) => set({ missed: keyOf(MISSES, word) })}
              options={Object.values(MISSES)}
            />
          </div>
        </>
      )}
    </div>
  );
}

/** The schedule of a crawler: what it says, the next times, and the ways to change that. */
export function SchedulePanel({ crawler }: { crawler: Crawler }) {
  const client = useQueryClient();
  const { fail } = useToast();
  const [editing, setEditing] = useState<Chosen | null>(null);
  const parts = ["crawlers", crawler.name, "schedule"];
  const kept = crawler.schedule;
  const fresh = () => client.invalidateQueries({ queryKey: ["crawlers"] });
  const act = (done: Promise<unknown>) => void done.then(fresh, fail);
  const save = useMutation({
    mutationFn: (chosen: Chosen) => post<Schedule>(parts, { ...bodyOf(chosen), paused: kept?.paused ?? false }),
    onSuccess: () => {
      setEditing(null);
      return fresh();
    },
  });
  const begin = () => setEditing(kept === null ? { ...unscheduled(), rhythm: "every day" } : chosenOf(kept));
  return (
    <Panel
      title="Schedule"
      end={
        editing === null && (
          <>
            {kept !== null && (
              <>
                <button
                  type="button"
                  className="button small"
                  onClick={() => act(patch(parts, { paused: !kept.paused }))}
                >
                  <Icon name={kept.paused ? "play" : "pause"} /> {kept.paused ? "Resume" : "Pause"}
                </button>
                <button type="button" className="button small danger" onClick={() => act(remove(parts))}>
                  Remove
                </button>
              </>
            )}
            <button type="button" className="button small" onClick={begin}>
              {kept === null ? "Add a schedule" : "Change"}
            </button>
          </>
        )
      }
      body
    >
      {editing !== null ? (
        <form
          className="stack"
          onSubmit={(event) => {
            event.preventDefault();
            save.mutate(editing);
          }}
        >
          {save.error !== null && <ErrorNote error={save.error} />}
          <ScheduleFields chosen={editing} onChange={setEditing} optional={false} />
          <div className="row">
            <button type="submit" className="button primary" disabled={save.isPending}>
              Save schedule
            </button>
            <button type="button" className="button" onClick={() => setEditing(null)}>
              Cancel
            </button>
          </div>
        </form>
      ) : kept === null ? (
        <span className="muted">It crawls when somebody starts it.</span>
      ) : (
        <Kept schedule={kept} />
      )}
    </Panel>
  );
}

function Kept({ schedule }: { schedule: Schedule }) {
  return (
    <div className="next-times">
      <div className="row">
        <strong>{schedule.words}</strong>
        <code className="faint">{schedule.cron}</code>
        {schedule.paused && <span className="badge">paused</span>}
      </div>
      {!schedule.paused && (
        <>
          <span className="muted">
            Next <Due at={schedule.next_at} />:
          </span>
          <TimeList times={schedule.next_times} zone={schedule.zone} />
        </>
      )}
      <span className="faint">
        If a crawl is at work then: {OVERLAPS[schedule.overlap]}. If the server was down: {MISSES[schedule.missed]}.
        {schedule.by !== null && <> In the name of {schedule.by}.</>}
      </span>
    </div>
  );
}
