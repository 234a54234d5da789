// How far something that runs is, as the API's open map of progress says.
import { count, duration } from "../lib/format";
import { fraction } from "../lib/summary";
import { label as words } from "../lib/words";
import { Count } from "./basics";

export function ProgressBar({ label, progress }: { label: string; progress: Readonly<Record<string, unknown>> }) {
  const { phase, done, total, unit, rate, seconds_left: left } = progress;
  const share = fraction(progress);
  return (
    <div className="stack">
      <div
        className={share === null ? "progress unknown" : "progress"}
        role="progressbar"
        aria-label={label}
        aria-valuenow={share === null ? undefined : Math.round(share * 100)}
      >
        <span style={share === null ? undefined : { width: `${share * 100}%` }} />
      </div>
      <div className="row spread muted">
        <span className="row">
          {typeof phase === "string" && <strong>{words(phase)}</strong>}
          {typeof done === "number" && (
            <span>
              <Count value={done} />
              {typeof total === "number" && (
                <>
                  {" "}
                  of <Count value={total} />
                </>
              )}{" "}
              {typeof unit === "string" && unit}
            </span>
          )}
        </span>
        <span className="number">
          {typeof rate === "number" && `${count(rate)} ${String(unit)}/s`}
          {typeof left === "number" && ` · about ${left < 60 ? `${Math.max(1, left)} s` : duration(left * 1000)} left`}
        </span>
      </div>
    </div>
  );
}
