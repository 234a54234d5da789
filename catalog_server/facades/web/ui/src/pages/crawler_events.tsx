// How far a crawler is with the events of objects that it follows, asked for again and again.
import { useQuery } from "@tanstack/react-query";
import { get } from "../api/client";
import type { CrawlEvents } from "../api/types";
import { When } from "../components/basics";
import { Answer } from "../components/feedback";
import { Fact, Facts, Panel } from "../components/layout";
import { duration, plural } from "../lib/format";

const POLL_MS = 2000;

export function CrawlerEvents({ name }: { name: string }) {
  const parts = ["crawlers", name, "events"];
  const events = useQuery({
    queryKey: parts,
    queryFn: ({ signal }) => get<CrawlEvents>(parts, {}, signal),
    refetchInterval: POLL_MS,
  });
  return (
    <Panel title="Events" body>
      <Answer of={events}>
        {(state) => (
          <Facts>
            <Fact label="Source">{state.source}</Fact>
            <Fact label="Told of">{plural(state.received, "object")}</Fact>
            <Fact label="Waiting">
              {state.waiting === 0 ? "nothing" : `${plural(state.waiting, "folder")}, ${duration(state.lag_ms)}`}
            </Fact>
            {state.unsettled > 0 && <Fact label="To be settled">{plural(state.unsettled, "folder")}</Fact>}
            <Fact label="Last applied">
              {state.applied_at === null ? <span className="faint">never</span> : <When at={state.applied_at} />}
            </Fact>
            <Fact label="Token">{state.has_token ? "asked for" : "not asked for"}</Fact>
            {state.confirm_url !== null && (
              <Fact label="Subscription">
                <a href={state.confirm_url} target="_blank" rel="noopener noreferrer">
                  confirm it
                </a>
              </Fact>
            )}
            {state.skipped > 0 && <Fact label="Left out">{plural(state.skipped, "message")}</Fact>}
            {state.problem !== null && (
              <Fact label="Last problem">
                {state.problem}, <When at={state.problem_at} />
              </Fact>
            )}
          </Facts>
        )}
      </Answer>
    </Panel>
  );
}
