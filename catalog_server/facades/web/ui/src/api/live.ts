// The server's events, followed once for all windows of this browser: it allows only six connections to a server.
import { useQueryClient } from "@tanstack/react-query";
import { useEffect, useState } from "react";
import { API } from "./client";
import { refreshAfter } from "./queries";
import type { CatalogEvent } from "./types";

export type Liveness = "live" | "connecting" | "lost";
type Message = { event: CatalogEvent } | { liveness: Liveness } | { asks: true };

const NAME = "catalog.events";

/** Opens the stream and tells what it says; returns what closes it. */
function follow(tell: (message: Message) => void): () => void {
  const source = new EventSource(`${API}/events/stream`);
  source.onopen = () => tell({ liveness: "live" });
  source.onerror = () => tell({ liveness: source.readyState === EventSource.CLOSED ? "lost" : "connecting" });
  source.addEventListener("catalog", (message) => {
    tell({ event: JSON.parse((message as MessageEvent<string>).data) as CatalogEvent });
  });
  return () => source.close();
}

/** Follows the stream, or the window that does; when that one closes, one of the others takes over. */
function share(hear: (message: Message) => void): () => void {
  if (!("locks" in navigator) || !("BroadcastChannel" in window)) return follow(hear);
  const channel = new BroadcastChannel(NAME);
  const stop = new AbortController();
  let liveness: Liveness = "connecting";
  let leads = false;
  channel.onmessage = ({ data }: MessageEvent<Message>) => {
    if (!("asks" in data)) hear(data);
    else if (leads) channel.postMessage({ liveness } satisfies Message);
  };
  channel.postMessage({ asks: true } satisfies Message);
  const lead = () =>
    new Promise<void>((done) => {
      leads = true;
      const close = follow((message) => {
        if ("liveness" in message) liveness = message.liveness;
        hear(message);
        channel.postMessage(message);
      });
      stop.signal.addEventListener("abort", () => {
        close();
        done();
      });
    });
  navigator.locks.request(NAME, { signal: stop.signal }, lead).catch(() => undefined);
  return () => {
    stop.abort();
    channel.close();
  };
}

/** Keeps the answers of all pages fresh; tells whether the line to the server stands. */
export function useLiveEvents(): Liveness {
  const client = useQueryClient();
  const [liveness, setLiveness] = useState<Liveness>("connecting");
  useEffect(
    () =>
      share((message) => {
        if ("event" in message) refreshAfter(client, message.event);
        else if ("liveness" in message) setLiveness(message.liveness);
      }),
    [client],
  );
  return liveness;
}
