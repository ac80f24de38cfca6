// Reads logs of calls, one JSON value per line: the reference gateway's, ours, and captures of plain JSON-RPC messages.
import { isObject, type JsonObject, own } from "../difc/json.ts";
import { plainText } from "../difc/text.ts";
import type { ScenarioCall } from "../monitor/scenario.ts";
import { addressOf } from "./item-facts.ts";
import type { MaterialProblem } from "./material.ts";

/** An item that a log says was withheld. What a field's absence means: the log does not tell. */
export interface LoggedItem {
  readonly server: string;
  readonly tool: string;
  readonly description: string;
  readonly reason: string;
  readonly secrecy: readonly string[];
  readonly integrity: readonly string[];
}

/** `gateway`: the reference host's JSONL; `edge-guard`: what jsonLines writes; `messages`: JSON-RPC as it went over the wire. */
export type LogFormat = "gateway" | "edge-guard" | "messages";

export interface LogMaterial {
  readonly kind: "log";
  readonly format: LogFormat;
  /**
   * The calls in order, each with what the server answered where the log holds it. Of calls whose answers are not in the log, those of
   * which items were withheld have a result made of what the log tells of these items.
   */
  readonly calls: readonly ScenarioCall[];
  readonly filtered: readonly LoggedItem[];
  readonly lines: number;
  readonly problems: readonly MaterialProblem[];
}

const MARKER = "[DIFC-FILTERED]";
const MAX_CALLS = 10_000;
const MAX_PROBLEMS = 20;

interface Draft {
  readonly server: string;
  readonly tool: string;
  readonly args: unknown;
  result?: unknown;
  readonly items: JsonObject[];
}

interface Reading {
  readonly drafts: Draft[];
  readonly filtered: LoggedItem[];
  readonly problems: MaterialProblem[];
  readonly pending: Map<string, Draft>;
  readonly formats: Map<LogFormat, number>;
  refused: number;
}

/** The log in a text; undefined when no line of it is one of a log. */
export function readLog(text: string): LogMaterial | undefined {
  const reading = begin();
  let lines = 0;
  let start = 0;
  while (start <= text.length) {
    const end = text.indexOf("\n", start);
    const line = text.slice(start, end < 0 ? text.length : end);
    const read = readLine(line, reading);
    if (read !== "blank") lines += 1;
    if (read === "broken") problem(reading, `Line ${lines} is not JSON and is left out`, start, lines);
    if (end < 0) break;
    start = end + 1;
    // Not a log at all: nothing is gained by looking at every line of a large text.
    if (lines === 200 && reading.formats.size === 0) return undefined;
  }
  return finish(reading, lines);
}

/** The log in an array of its entries; undefined when none of them is one. */
export function readLogEntries(entries: readonly unknown[]): LogMaterial | undefined {
  const reading = begin();
  for (const entry of entries) if (isObject(entry)) count(reading, readEntry(entry, reading));
  return finish(reading, entries.length);
}

function begin(): Reading {
  return { drafts: [], filtered: [], problems: [], pending: new Map(), formats: new Map(), refused: 0 };
}

function finish(reading: Reading, lines: number): LogMaterial | undefined {
  const [format] = [...reading.formats].sort((a, b) => b[1] - a[1])[0] ?? [];
  if (format === undefined) return undefined;
  const calls = reading.drafts.map(callOf);
  explain(reading);
  const { filtered, problems } = reading;
  return { kind: "log", format, calls, filtered, lines, problems };
}

function count({ formats }: Reading, format: LogFormat | undefined): void {
  if (format !== undefined) formats.set(format, (formats.get(format) ?? 0) + 1);
}

function readLine(line: string, reading: Reading): "blank" | "read" | "broken" {
  // Logs for people hold the entry after a marker, event streams after "data:".
  const marker = line.slice(0, 400).indexOf(MARKER);
  const text = (marker < 0 ? line.replace(/^data:/, "") : line.slice(marker + MARKER.length)).trim();
  if (text === "" || /^(event|id|retry):|^:/.test(text)) return "blank";
  let entry: unknown;
  try {
    entry = JSON.parse(text);
  } catch {
    return "broken";
  }
  if (!isObject(entry)) return "read";
  if (marker >= 0) readFiltered(entry, reading);
  count(reading, marker >= 0 ? "gateway" : readEntry(entry, reading));
  return "read";
}

function readEntry(entry: JsonObject, reading: Reading): LogFormat | undefined {
  const kind = (textAt(entry, "event") || textAt(entry, "type")).toLowerCase();
  const payload = own(entry, "payload");
  if (own(entry, "jsonrpc") === "2.0" && kind === "") {
    readMessage(entry, "server", reading);
    return "messages";
  }
  if (/^(rpc_)?(request|response)$/.test(kind) && isObject(payload)) {
    readMessage(payload, textAt(entry, "server_id") || "server", reading);
    return "gateway";
  }
  if (kind === "difc_filtered" && own(entry, "tool_name") !== undefined) {
    readFiltered(entry, reading);
    return own(entry, "time") !== undefined && own(entry, "timestamp") === undefined ? "edge-guard" : "gateway";
  }
  if (kind === "call" && own(entry, "tool_name") !== undefined) {
    addDraft(reading, {
      server: textAt(entry, "server_id") || "server",
      tool: textAt(entry, "tool_name"),
      args: {},
      items: [],
    });
    return "edge-guard";
  }
  if (kind === "refusal" && own(entry, "status") !== undefined) {
    reading.refused += 1;
    return "edge-guard";
  }
  // Other events of the gateway tell nothing of calls.
  return textAt(entry, "_schema") === "" ? undefined : "gateway";
}

function readMessage(message: JsonObject, server: string, reading: Reading): void {
  const id = own(message, "id");
  if (id === undefined || id === null) return;
  const key = JSON.stringify([server, id]);
  const params = own(message, "params");
  if (own(message, "method") === "tools/call" && isObject(params)) {
    const draft: Draft = { server, tool: textAt(params, "name"), args: own(params, "arguments") ?? {}, items: [] };
    if (draft.tool.trim() === "") return;
    // A gateway logs what came from its client and what went to its server, under one id: the first of the two counts.
    if (reading.pending.get(key)?.tool !== draft.tool && addDraft(reading, draft)) reading.pending.set(key, draft);
    return;
  }
  const draft = reading.pending.get(key);
  const result = own(message, "result");
  if (draft === undefined || result === undefined) return;
  // The server's answer comes before what is left of it for the client.
  draft.result ??= result;
  reading.pending.delete(key);
}

function readFiltered(entry: JsonObject, reading: Reading): void {
  const server = textAt(entry, "server_id") || "server";
  const tool = textAt(entry, "tool_name");
  if (tool.trim() === "") return;
  const description = plainText(textAt(entry, "description"));
  const reason = plainText(textAt(entry, "reason"), 500);
  const [secrecy, integrity] = [tagsAt(entry, "secrecy_tags"), tagsAt(entry, "integrity_tags")];
  reading.filtered.push({ server, tool, description, reason, secrecy, integrity });
  const latest = reading.drafts.findLast((draft) => draft.server === server && draft.tool === tool);
  const item = itemOf(entry);
  if (latest === undefined)
    addDraft(reading, { server, tool, args: argsOf(item ?? {}, description), items: item === undefined ? [] : [item] });
  else if (item !== undefined) latest.items.push(item);
}

function addDraft(reading: Reading, draft: Draft): boolean {
  if (draft.tool.trim() === "") return false;
  if (reading.drafts.length === MAX_CALLS) {
    problem(reading, `It holds more than ${MAX_CALLS} calls; the rest is left out`);
    return false;
  }
  reading.drafts.push(draft);
  return true;
}

/** The item again, as far as the log tells; undefined when it tells nothing. */
function itemOf(entry: JsonObject): JsonObject | undefined {
  const text = (key: string): string | undefined => textAt(entry, key) || undefined;
  const given = own(entry, "number");
  const number = typeof given === "string" && /^\d{1,15}$/.test(given) ? Number(given) : given;
  const [login, association, address, sha] = [
    text("author_login") ?? text("author"),
    text("author_association") ?? text("association"),
    text("html_url"),
    text("sha"),
  ];
  const description = plainText(textAt(entry, "description"));
  const isTold = [description || undefined, number, login, association, address, sha].some(
    (part) => part !== undefined,
  );
  if (!isTold) return undefined;
  return {
    ...(typeof number === "number" && { number }),
    title: description || "A withheld item",
    ...(login !== undefined && { user: { login } }),
    ...(association !== undefined && { author_association: association }),
    ...(address !== undefined && { html_url: address }),
    ...(sha !== undefined && { sha }),
  };
}

function argsOf(item: JsonObject, description: string): unknown {
  const repo = addressOf(item) ?? /^\w+:([\w-]+\/[\w.-]+)/.exec(description)?.[1];
  const [owner, name] = repo?.split("/") ?? [];
  return owner === undefined || name === undefined ? {} : { owner, repo: name };
}

function callOf({ server, tool, args, result, items }: Draft): ScenarioCall {
  if (result !== undefined) return { server, tool, args, result };
  const isSearch = tool.startsWith("search_");
  const isList = isSearch || tool.startsWith("list_") || items.length !== 1;
  const made = isSearch ? { total_count: items.length, items } : isList ? items : items[0];
  return items.length === 0 ? { server, tool, args } : { server, tool, args, result: made };
}

function explain(reading: Reading): void {
  const { drafts, refused } = reading;
  const made = drafts.filter(({ result, items }) => result === undefined && items.length > 0).length;
  const bare = drafts.filter(({ result, items }) => result === undefined && items.length === 0).length;
  if (made > 0)
    problem(
      reading,
      `For ${callsText(made)} the log holds no answer: the results hold the withheld items alone, and of these what the log tells`,
    );
  if (bare > 0)
    problem(reading, `For ${callsText(bare)} the log holds no answer; paste the results in where they matter`);
  if (refused > 0) problem(reading, `${refused} requests were refused before they became calls and are left out`);
}

function callsText(count: number): string {
  return count === 1 ? "1 call" : `${count} calls`;
}

function problem(reading: Reading, message: string, offset?: number, line?: number): void {
  if (reading.problems.length >= MAX_PROBLEMS || reading.problems.some((known) => known.message === message)) return;
  reading.problems.push({
    message,
    ...(offset !== undefined && { offset }),
    ...(line !== undefined && { line, column: 1 }),
  });
}

function textAt(entry: JsonObject, key: string): string {
  const value = own(entry, key);
  return typeof value === "string" ? value : "";
}

function tagsAt(entry: JsonObject, key: string): readonly string[] {
  const value = own(entry, key);
  return Array.isArray(value) ? value.filter((tag): tag is string => typeof tag === "string") : [];
}
