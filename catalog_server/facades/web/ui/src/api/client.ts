// One way to call the API: JSON in, JSON out, and errors as the server words them.
import type { ErrorBody } from "./types";

export const API = "/api/v1";

export class ApiError extends Error {
  readonly status: number;
  readonly body: ErrorBody;

  constructor(status: number, body: ErrorBody) {
    super(body.message);
    this.status = status;
    this.body = body;
  }
}

export type Query = Readonly<Record<string, string | number | boolean | null | undefined>>;

/** The API's path to a thing: segments are escaped, absent parameters left out. */
export function path(parts: readonly string[], query: Query = {}): string {
  const search = new URLSearchParams();
  for (const [key, value] of Object.entries(query))
    if (value !== undefined && value !== null && value !== "") search.set(key, String(value));
  const text = search.toString();
  return `${API}/${parts.map(encodeURIComponent).join("/")}${text === "" ? "" : `?${text}`}`;
}

async function answer<T>(response: Response): Promise<T> {
  if (response.status === 204) return undefined as T;
  const text = await response.text();
  let body: unknown = null;
  try {
    body = text === "" ? null : JSON.parse(text);
  } catch {
    body = null;
  }
  if (response.ok && body !== null) return body as T;
  const error = (body as { error?: ErrorBody } | null)?.error;
  throw new ApiError(
    response.status,
    error ?? { type: "Unavailable", message: `the server answered ${response.status} without saying why` },
  );
}

async function send<T>(method: string, target: string, body?: unknown, signal?: AbortSignal): Promise<T> {
  const headers: Record<string, string> = { Accept: "application/json" };
  if (method !== "GET") headers["Content-Type"] = "application/json";
  let response: Response;
  try {
    response = await fetch(target, {
      method,
      headers,
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      ...(signal === undefined ? {} : { signal }),
    });
  } catch (error) {
    if (error instanceof DOMException && error.name === "AbortError") throw error;
    throw new ApiError(0, { type: "Unavailable", message: "the server does not answer; is `catalog serve` running?" });
  }
  return answer<T>(response);
}

export const get = <T>(parts: readonly string[], query?: Query, signal?: AbortSignal) =>
  send<T>("GET", path(parts, query), undefined, signal);
export const post = <T>(parts: readonly string[], body: unknown = {}) => send<T>("POST", path(parts), body);
export const patch = <T>(parts: readonly string[], body: unknown) => send<T>("PATCH", path(parts), body);
export const remove = <T = void>(parts: readonly string[], query?: Query) => send<T>("DELETE", path(parts, query));
