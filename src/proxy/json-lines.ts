// A log of calls and refusals, one line of JSON each; the fields of removed items are named as the reference host names them.
import type { MonitorEvent } from "../monitor/events.ts";
import type { RemovedItem } from "../monitor/outcome.ts";
import type { ProxyEvent } from "./events.ts";
import { hashTags, type TagDisclosure } from "./tag-disclosure.ts";

export interface JsonLinesOptions extends TagDisclosure {
  /** The clock, in milliseconds since 1970. @default Date.now */
  readonly now?: () => number;
}

export interface JsonLines {
  (event: ProxyEvent | MonitorEvent): void;
  /** Resolves once all lines so far are written: hashing takes a moment. For a Worker's `waitUntil`. */
  flush(): Promise<void>;
}

/**
 * Makes a listener for `onEvent` of the proxy or of the monitor that writes a line for each call, for each item that was withheld
 * (`difc_filtered`) and for each refusal. Tags and what guards say of items hold names that are secret themselves: by default
 * tags are only counted, and descriptions and reasons are left out.
 *
 * @throws {TypeError} for `tags: "hashed"` without `key`
 */
export function jsonLines(write: (line: string) => void, options: JsonLinesOptions = {}): JsonLines {
  const { tags = "counted", now = Date.now } = options;
  const hash = hashTags(options);
  let queue = Promise.resolve();
  const line = (fields: Record<string, unknown>): void => {
    write(JSON.stringify({ time: new Date(now()).toISOString(), ...fields }));
  };
  const labels = async (item: RemovedItem): Promise<Record<string, unknown>> => {
    if (tags === "counted")
      return {
        secrecy_count: item.secrecy.length,
        integrity_count: item.integrity.length,
      };
    const [secrecy_tags, integrity_tags] = await Promise.all([hash(item.secrecy), hash(item.integrity)]);
    return { secrecy_tags, integrity_tags };
  };
  const log = async (event: ProxyEvent | MonitorEvent): Promise<void> => {
    if (event.type === "refusal") {
      const { principal, method, status, reason } = event;
      return line({ type: "refusal", principal, method, status, reason });
    }
    if (event.type !== "outcome") return;
    const { server: server_id, tool: tool_name, agent, outcome } = event;
    const isFull = tags === "full";
    const { status, removed, violation, error } = outcome;
    const call = { server_id, tool_name, agent };
    line({
      type: "call",
      ...call,
      status,
      ...(violation && {
        violation: violation.kind,
        phase: violation.phase,
        ...(isFull && { reason: violation.reason }),
      }),
      ...(error && {
        error: (error as { code?: unknown }).code ?? error.name,
        ...(isFull && { reason: error.message }),
      }),
      filtered: removed.length,
      milliseconds: (event as { milliseconds?: number }).milliseconds,
    });
    for (const item of removed) {
      line({
        type: "difc_filtered",
        ...call,
        index: item.index,
        violations: item.violations,
        ...(isFull && {
          description: item.description,
          reason: item.reason,
          ...identified(item.description),
        }),
        ...(await labels(item)),
      });
    }
  };
  const listen = (event: ProxyEvent | MonitorEvent): void => {
    // One after the other, so that the lines of two calls do not mix.
    queue = queue.then(() => log(event)).catch(() => {});
  };
  return Object.assign(listen, { flush: () => queue });
}

/** `issue:owner/repo#12` and `commit:owner/repo@sha` name what they speak of. */
function identified(description: string): Record<string, unknown> {
  const [, number] = /#(\d{1,15})$/.exec(description) ?? [];
  const [, sha] = /@([0-9a-f]{7,64})$/.exec(description) ?? [];
  return {
    ...(number !== undefined && { number: Number(number) }),
    ...(sha !== undefined && { sha }),
  };
}
