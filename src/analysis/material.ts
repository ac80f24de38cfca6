// Tells what a pasted text or a dropped file is: by its content, never by its name. Whatever it holds, it is read and never run.
import { canDigest } from "../capabilities.ts";
import { isObject, type JsonObject, own } from "../difc/json.ts";
import { isGuardError, ScenarioError } from "../errors.ts";
import { parseScenario, type Scenario } from "../monitor/scenario.ts";
import { parsePolicy } from "../policy/parse.ts";
import { hex, sha256 } from "../wasm/compile.ts";
import { type GuardReport, inspectGuard } from "../wasm/inspect.ts";
import type { ToolDescription } from "./coverage.ts";
import { jsonFault, lineAndColumn, offsetOf } from "./json-fault.ts";
import { type LogMaterial, readLog, readLogEntries } from "./material-log.ts";
import { decodeShare } from "./share.ts";

/** What is wrong with a text, where, and how to mend it. */
export interface MaterialProblem {
  readonly message: string;
  /** In UTF-16 units from the beginning of the text. */
  readonly offset?: number;
  /** From 1. */
  readonly line?: number;
  readonly column?: number;
  /** `servers.github.policy.allow-only.repos[1]` */
  readonly path?: string;
}

interface Common {
  /** What was left out or may be meant otherwise; for `unknown`, why nothing could be made of it. */
  readonly problems: readonly MaterialProblem[];
}

export type Material =
  | (Common & { readonly kind: "scenario"; readonly scenario: Scenario })
  | (Common & { readonly kind: "policy"; readonly policy: unknown })
  | (Common & { readonly kind: "tools"; readonly tools: readonly ToolDescription[]; readonly nextCursor?: string })
  /** A tool's result: bare JSON as a REST API gives it, or an MCP result. */
  | (Common & { readonly kind: "result"; readonly shape: "rest" | "mcp"; readonly result: unknown })
  | (Common & LogMaterial)
  /** Not run, not even compiled. */
  | (Common & {
      readonly kind: "guard";
      readonly bytes: Uint8Array<ArrayBuffer>;
      /** Hexadecimal; `""` where the page is no secure context. */
      readonly sha256: string;
      readonly report: GuardReport;
    })
  | (Common & { readonly kind: "link"; readonly scenario: Scenario; readonly guards: Readonly<Record<string, string>> })
  /** `like`: what it would be, were it not for the problems. */
  | (Common & { readonly kind: "unknown"; readonly like?: Exclude<Material["kind"], "unknown"> });

export interface MaterialOptions {
  /** More is refused. In bytes. @default 64 MiB */
  readonly maxBytes?: number;
  /** Digests of the guards at hand, by name, to be compared with those of a link. */
  readonly guards?: Readonly<Record<string, string>>;
}

const DEEPEST = 500;

/**
 * Reads a text or a file. Never throws for what is in it: what cannot be used is `unknown`, and the problems say why.
 *
 * @throws {TypeError} when the input is neither a string nor bytes
 */
export async function readMaterial(
  input: string | Uint8Array | ArrayBuffer,
  options: MaterialOptions = {},
): Promise<Material> {
  const { maxBytes = 64 * 1024 * 1024 } = options;
  if (typeof input !== "string" && !(input instanceof Uint8Array) && !(input instanceof ArrayBuffer)) {
    throw new TypeError(
      `Cannot read the material: it must be a string, a Uint8Array or an ArrayBuffer, got ${typeof input}`,
    );
  }
  const size = typeof input === "string" ? input.length : input.byteLength;
  if (size > maxBytes) return unknown(`It holds ${size} bytes, more than the ${maxBytes} that are read; cut it down`);
  if (typeof input === "string") return readText(input, options);
  const bytes = new Uint8Array(input instanceof ArrayBuffer ? input.slice(0) : input);
  if (isWasm(bytes)) return readGuard(bytes);
  let text: string;
  try {
    text = new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    const isWide = (bytes[0] === 0xff && bytes[1] === 0xfe) || (bytes[0] === 0xfe && bytes[1] === 0xff);
    return unknown(
      isWide
        ? "It is a text in UTF-16; save it as UTF-8"
        : "It is neither a WebAssembly module nor a text in UTF-8; drop a .wasm, .json or .jsonl file",
    );
  }
  return readText(text, options);
}

function isWasm(bytes: Uint8Array): boolean {
  return bytes[0] === 0 && bytes[1] === 0x61 && bytes[2] === 0x73 && bytes[3] === 0x6d;
}

async function readGuard(bytes: Uint8Array<ArrayBuffer>): Promise<Material> {
  const report = inspectGuard(bytes);
  const digest = canDigest() ? hex(await sha256(bytes)) : "";
  const problems = report.problems.map(({ message }) => ({ message }));
  return { kind: "guard", bytes, sha256: digest, report, problems };
}

async function readText(given: string, options: MaterialOptions): Promise<Material> {
  const text = given.replace(/^\uFEFF/, "");
  const shift = given.length - text.length;
  if (text.trim() === "") return unknown("It is empty");
  const [, hash] = /^\s*\S{0,2000}#(d1=[\w-]+)\s*$/.exec(text) ?? [];
  if (hash !== undefined) return readLink(hash, options);
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    const log = readLog(text);
    if (log !== undefined) return log;
    const fault = jsonFault(text);
    const message = fault?.message ?? "it is not JSON";
    return { kind: "unknown", problems: [{ message: `This is not JSON: ${message}`, ...place(given, fault, shift) }] };
  }
  if (isTooDeep(value)) return unknown(`It nests deeper than ${DEEPEST}; nothing real does`);
  return classify(value, text, given, shift);
}

function classify(value: unknown, text: string, given: string, shift: number): Material {
  const problem = (error: unknown): MaterialProblem => {
    const { path } = error as { readonly path?: string };
    const message = error instanceof Error ? error.message : String(error);
    const offset = path === undefined ? undefined : offsetOf(text, path);
    return {
      message,
      ...(path !== undefined && { path }),
      ...place(given, offset === undefined ? undefined : { offset }, shift),
    };
  };
  if (isObject(value)) {
    if (own(value, "servers") !== undefined && own(value, "calls") !== undefined) {
      try {
        // The text, not the value: a key given twice is an error that only the text shows.
        return { kind: "scenario", scenario: parseScenario(text), problems: [] };
      } catch (error) {
        if (!(error instanceof ScenarioError)) throw error;
        return { kind: "unknown", like: "scenario", problems: [problem(error)] };
      }
    }
    if (Object.keys(value).some((key) => /^\s*(allow-?only|write-?sink|policy)\s*$/i.test(key))) {
      try {
        parsePolicy(text);
        return { kind: "policy", policy: value, problems: [] };
      } catch (error) {
        if (!isGuardError(error)) throw error;
        return { kind: "unknown", like: "policy", problems: [problem(error)] };
      }
    }
  }
  if (Array.isArray(value)) return readLogEntries(value) ?? ofMessage(value);
  return isObject(value) && own(value, "jsonrpc") === undefined
    ? (readLog(text) ?? ofMessage(value))
    : ofMessage(value);
}

/** What a tool, or a server in JSON-RPC, answered. */
function ofMessage(value: unknown): Material {
  if (isObject(value) && own(value, "jsonrpc") !== undefined) {
    const result = own(value, "result");
    if (result !== undefined) return ofMessage(result);
    const error = own(value, "error");
    return unknown(
      error === undefined
        ? "It is a request, and what it was answered is missing; paste the answer, or the log with both"
        : "It is an error of JSON-RPC, and holds no result",
    );
  }
  const listed = toolsIn(value);
  if (listed !== undefined) return listed;
  if (isObject(value)) {
    const isMcp =
      Array.isArray(own(value, "content")) || (isObject(own(value, "structuredContent")) && !("content" in value));
    return { kind: "result", shape: isMcp ? "mcp" : "rest", result: value, problems: [] };
  }
  if (Array.isArray(value)) return { kind: "result", shape: "rest", result: value, problems: [] };
  return unknown("It is a single value; a scenario, a policy, a result or a list of tools is an object or an array");
}

function toolsIn(value: unknown): Material | undefined {
  const list = isObject(value) ? own(value, "tools") : value;
  if (!Array.isArray(list) || list.length === 0) return undefined;
  const isTool = (part: unknown): part is JsonObject =>
    isObject(part) && typeof own(part, "name") === "string" && (isObject(own(part, "inputSchema")) || isObject(value));
  const tools = list.filter(isTool);
  if (tools.length === 0) return undefined;
  const missed = list.length - tools.length;
  const problems =
    missed === 0 ? [] : [{ message: `${missed} of ${list.length} entries have no name and are left out` }];
  const nextCursor = isObject(value) ? own(value, "nextCursor") : undefined;
  if (typeof nextCursor === "string") {
    problems.push({ message: "It is one page of several: the server has more tools than these" });
  }
  const described = tools as unknown as readonly ToolDescription[];
  return { kind: "tools", tools: described, problems, ...(typeof nextCursor === "string" && { nextCursor }) };
}

async function readLink(hash: string, options: MaterialOptions): Promise<Material> {
  try {
    const { scenario, guards, warnings } = await decodeShare(hash, {
      ...(options.guards && { guards: options.guards }),
      ...(options.maxBytes !== undefined && { maxBytes: options.maxBytes }),
    });
    return { kind: "link", scenario, guards, problems: warnings.map(({ message }) => ({ message })) };
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    return { kind: "unknown", like: "link", problems: [{ message }] };
  }
}

function place(text: string, fault: { readonly offset: number } | undefined, shift: number): Partial<MaterialProblem> {
  if (fault === undefined) return {};
  const offset = fault.offset + shift;
  return { offset, ...lineAndColumn(text, offset) };
}

function isTooDeep(value: unknown): boolean {
  const open: { readonly value: unknown; readonly depth: number }[] = [{ value, depth: 0 }];
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    if (typeof next.value !== "object" || next.value === null) continue;
    if (next.depth === DEEPEST) return true;
    for (const part of Object.values(next.value)) {
      if (typeof part === "object" && part !== null) open.push({ value: part, depth: next.depth + 1 });
    }
  }
  return false;
}

function unknown(message: string): Material {
  return { kind: "unknown", problems: [{ message }] };
}
