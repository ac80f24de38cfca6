// A scenario: policy, guard, calls with results, expectations, as one JSON file (scenario.md); and its reader.
import type { RecordedEntry } from "../backend/recorded.ts";
import type { Mode, Tag } from "../difc/labels.ts";
import { PolicyError, ScenarioError } from "../errors.ts";
import { parseJsonText } from "../policy/json-text.ts";
import { parsePolicy } from "../policy/parse.ts";
import * as read from "./scenario-reader.ts";

/** Labels of which one kind or both are named. */
export interface PartialLabels {
  readonly secrecy?: readonly Tag[];
  readonly integrity?: readonly Tag[];
}

/** Where a scenario's guard comes from: `"noop"`, or a module by its name, optionally pinned by its SHA-256 in hexadecimal. */
export type ScenarioGuard = "noop" | { readonly wasm: string; readonly sha256?: string };

export interface ScenarioServer {
  /** @default the write-sink that the policy describes, or noop without a policy */
  readonly guard?: ScenarioGuard;
  /** As the operator wrote it; parsePolicy takes it. */
  readonly policy?: unknown;
  /** What call_backend is told. @default nothing */
  readonly backend?: readonly RecordedEntry[];
}

/** What must hold after a call; what is left out may be anything. */
export interface Expectation {
  readonly status?: "allowed" | "filtered" | "denied" | "failed";
  /** The indices of all items that the agent sees. */
  readonly kept?: readonly number[];
  /** Items that the agent does not see, each with what must be true of it; an empty array: none is withheld. */
  readonly removed?: readonly ExpectedRemoval[];
  readonly violation?: "secrecy" | "integrity";
  /** The policy that the notice names. */
  readonly notice?: "secrecy" | "integrity" | "access";
  /** The `code` of the fault. */
  readonly error?: string;
  /** Tags that must be there, exactly. */
  readonly agent?: { readonly before?: PartialLabels; readonly after?: PartialLabels };
}

export interface ExpectedRemoval {
  readonly index: number;
  readonly description?: string;
  readonly secrecy?: readonly Tag[];
  readonly integrity?: readonly Tag[];
  readonly violations?: readonly ("secrecy" | "integrity")[];
}

export interface ScenarioCall {
  readonly server: string;
  readonly tool: string;
  /** @default {} */
  readonly args?: unknown;
  /** The tool's result as the server gave it, MCP-wrapped or bare. Absent: the server fails when it is asked. */
  readonly result?: unknown;
  readonly expect?: Expectation;
}

export interface Scenario {
  readonly $schema?: string;
  readonly title?: string;
  readonly servers: { readonly [id: string]: ScenarioServer };
  /** Overrides the guards' modes. */
  readonly mode?: Mode;
  /** The agent, and what it holds before the first call. @default id "agent" without labels */
  readonly agent?: PartialLabels & { readonly id?: string };
  readonly calls: readonly ScenarioCall[];
}

const STATUSES = ["allowed", "filtered", "denied", "failed"] as const;
const KINDS = ["secrecy", "integrity"] as const;

const readLabels: read.Reader<PartialLabels> = read.object({
  secrecy: { read: read.tags },
  integrity: { read: read.tags },
});

const readExpectation: read.Reader<Expectation> = read.object({
  status: { read: read.oneOf(STATUSES) },
  kept: { read: read.unique(read.list(read.index)) },
  removed: {
    read: read.list(
      read.object({
        index: { read: read.index, required: true },
        description: { read: read.string },
        secrecy: { read: read.tags },
        integrity: { read: read.tags },
        violations: { read: read.unique(read.list(read.oneOf(KINDS))) },
      }),
    ),
  },
  violation: { read: read.oneOf(KINDS) },
  notice: { read: read.oneOf([...KINDS, "access"]) },
  error: { read: read.nonBlank },
  agent: { read: read.object({ before: { read: readLabels }, after: { read: readLabels } }) },
});

const readGuard: read.Reader<ScenarioGuard> = (value, path) => {
  if (value === "noop") return value;
  if (typeof value === "string") return read.refuse(path, '"noop" or an object with "wasm"', value);
  return readModule(value, path);
};

const readModule: read.Reader<Exclude<ScenarioGuard, "noop">> = read.object({
  wasm: { read: read.nonBlank, required: true },
  sha256: { read: read.matching(/^[0-9a-f]{64}$/i, "64 hexadecimal digits") },
});

const readEntry: read.Reader<RecordedEntry> = (value, path) => {
  const entry = readEntryKeys(value, path);
  if ((entry.result === undefined) === (entry.error === undefined)) {
    throw new ScenarioError(path, `${read.cannotRead(path)}: it needs one of "result" and "error"`);
  }
  return entry;
};

const readEntryKeys: read.Reader<RecordedEntry> = read.object({
  tool: { read: read.nonBlank, required: true },
  args: { read: read.anything },
  result: { read: read.anything },
  error: { read: read.string },
});

const readPolicy: read.Reader<unknown> = (value, path) => {
  try {
    parsePolicy(value);
  } catch (cause) {
    if (!(cause instanceof PolicyError)) throw cause;
    const where = cause.path === "" ? path : cause.path.startsWith("[") ? path + cause.path : `${path}.${cause.path}`;
    const reason = cause.message.replace(/^[^:]*: /, "");
    throw new ScenarioError(where, `${read.cannotRead(where)}: ${reason}`, { cause });
  }
  return value;
};

const readServer: read.Reader<ScenarioServer> = read.object({
  guard: { read: readGuard },
  policy: { read: readPolicy },
  backend: { read: read.list(readEntry) },
});

const readCall: read.Reader<ScenarioCall> = read.object({
  server: { read: read.string, required: true },
  tool: { read: read.nonBlank, required: true },
  args: { read: read.anything },
  result: { read: read.anything },
  expect: { read: readExpectation },
});

const readScenario: read.Reader<Scenario> = read.object({
  $schema: { read: read.string },
  title: { read: read.string },
  servers: { read: read.record(readServer), required: true },
  mode: { read: read.oneOf(["strict", "filter", "propagate"]) },
  agent: {
    read: read.object({ id: { read: read.nonBlank }, secrecy: { read: read.tags }, integrity: { read: read.tags } }),
  },
  calls: { read: read.list(readCall), required: true },
});

/**
 * Reads a scenario (scenario.md).
 *
 * @param input an object, or a JSON text; in a text, a key that is given twice is an error too
 * @throws {ScenarioError} whose `path` leads to what is wrong: `calls[0].expect.status`
 */
export function parseScenario(input: unknown): Scenario {
  const scenario = readScenario(typeof input === "string" ? parseText(input) : input, "");
  const { servers, calls } = scenario;
  const isGuarded = Object.values(servers).some(
    ({ guard = "noop", policy }) => guard !== "noop" || policy !== undefined,
  );
  for (const [id, { guard, policy }] of Object.entries(servers)) {
    const path = read.at(read.at("servers", id), "guard");
    const isSink = policy !== undefined && parsePolicy(policy).kind === "write-sink";
    if (isSink && guard !== undefined) {
      throw new ScenarioError(path, `${read.cannotRead(path)}: a write-sink policy needs no guard, leave it out`);
    }
    if (isSink || guard !== undefined || !isGuarded) continue;
    const why =
      policy === undefined
        ? 'other servers have guards; say "noop" if that is meant'
        : "an allow-only policy means nothing without a guard";
    throw new ScenarioError(path, `${read.cannotRead(path)}: it is missing, and ${why}`);
  }
  calls.forEach(({ server }, index) => {
    if (Object.hasOwn(servers, server)) return;
    read.refuse(
      `calls[${index}].server`,
      `one of ${Object.keys(servers)
        .map((id) => `"${id}"`)
        .join(", ")}`,
      server,
    );
  });
  return scenario;
}

function parseText(text: string): unknown {
  try {
    return parseJsonText(text);
  } catch (cause) {
    if (!(cause instanceof PolicyError)) throw cause;
    throw new ScenarioError(cause.path, cause.message.replace("the policy", "the scenario"), { cause });
  }
}
