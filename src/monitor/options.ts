// What createMonitor takes, checked and completed: every server gets a guard, what to tell it, and its limits.
import type { Backend } from "../backend/backend.ts";
import { canonicalJson } from "../backend/canonical-json.ts";
import type { Mode, Tag } from "../difc/labels.ts";
import type { Guard } from "../guard/guard.ts";
import { noopGuard } from "../guard/noop.ts";
import { writeSinkGuard } from "../guard/write-sink.ts";
import { labelAgentPayload, parsePolicy } from "../policy/parse.ts";
import type { MonitorEvent } from "./events.ts";
import type { AgentStore } from "./state.ts";

/** One server that the agent can call. */
export interface MonitoredServer {
  /** @default from a write-sink policy the guard that it describes; without a policy {@link noopGuard}, unless another server has a guard */
  readonly guard?: Guard | undefined;
  /** Anything that parsePolicy takes. @default none: label_agent is given an empty object */
  readonly policy?: unknown;
  /** Who answers the guard's questions. @default the guard's own backend */
  readonly backend?: Backend | undefined;
}

export interface MonitorOptions {
  /** By the id that `callTool` names. */
  readonly servers: Readonly<Record<string, MonitoredServer>>;
  /** Overrides the mode that the guards name. */
  readonly mode?: Mode | undefined;
  /** Where agents' labels are kept. @default memoryAgents() */
  readonly state?: AgentStore | undefined;
  /** What the host can do, passed on to guards. @default none */
  readonly capabilities?: readonly Tag[] | undefined;
  /** Hears what happens during calls. What it throws is ignored. */
  readonly onEvent?: ((event: MonitorEvent) => void) | undefined;
}

/** A server, ready for calls. */
export interface Server {
  readonly id: string;
  readonly guard: Guard;
  /** What label_agent is given. */
  readonly payload: unknown;
  readonly backend: Backend | undefined;
  readonly limits: Readonly<Record<string, number>>;
}

const OPTIONS = ["servers", "mode", "state", "capabilities", "onEvent"];
const SERVER_OPTIONS = ["guard", "policy", "backend"];
const MODES: readonly unknown[] = ["strict", "filter", "propagate"];
const NO_LIMITS: Readonly<Record<string, number>> = Object.freeze({});

/**
 * Checks the options.
 *
 * @throws {TypeError | RangeError} naming the option
 * @throws {PolicyError} when a policy is not one
 */
export function readServers(options: MonitorOptions): Map<string, Server> {
  requireObject("options", options);
  requireKeys("", options, OPTIONS);
  const { servers, mode, state, capabilities, onEvent } = options;
  requireObject("servers", servers);
  if (mode !== undefined && !MODES.includes(mode)) {
    throw new RangeError(`${CANNOT}: "mode" must be "strict", "filter" or "propagate", got "${String(mode)}"`);
  }
  if (state !== undefined) requireMethods("state", state, ["transact"]);
  if (onEvent !== undefined && typeof onEvent !== "function") {
    throw new TypeError(`${CANNOT}: "onEvent" must be a function, got ${kindOf(onEvent)}`);
  }
  if (
    capabilities !== undefined &&
    !(Array.isArray(capabilities) && capabilities.every((tag) => typeof tag === "string"))
  ) {
    throw new TypeError(`${CANNOT}: "capabilities" must be an array of strings, got ${kindOf(capabilities)}`);
  }
  const read = new Map(Object.entries(servers).map(([id, server]) => [id, readServer(id, server)]));
  if (read.size === 0) throw new RangeError(`${CANNOT}: "servers" is empty, name at least one`);
  refuseWayRound(servers, read);
  refuseSharedMemory([...read.values()]);
  return read;
}

function readServer(id: string, server: MonitoredServer): Server {
  const where = `servers.${id}`;
  requireObject(where, server);
  requireKeys(`${where}.`, server, SERVER_OPTIONS);
  const { guard, backend } = server;
  if (guard !== undefined) requireMethods(`${where}.guard`, guard, ["labelAgent", "labelResource", "labelResponse"]);
  if (backend !== undefined) requireMethods(`${where}.backend`, backend, ["callTool"]);
  if (server.policy === undefined) {
    return { id, guard: guard ?? noopGuard(), payload: {}, backend, limits: NO_LIMITS };
  }
  const policy = parsePolicy(server.policy);
  if (policy.kind === "write-sink") {
    if (guard !== undefined && guard.name !== "write-sink") {
      throw new TypeError(
        `${CANNOT}: "${where}.policy" is a write-sink, which needs no guard; leave out "${where}.guard" or give an allow-only policy`,
      );
    }
    const { accept, sinkVisibility } = policy;
    const sink = writeSinkGuard(sinkVisibility === undefined ? { accept } : { accept, sinkVisibility });
    return { id, guard: sink, payload: {}, backend, limits: NO_LIMITS };
  }
  if (guard === undefined) {
    throw new TypeError(`${CANNOT}: "${where}.guard" is missing, and an allow-only policy means nothing without one`);
  }
  return { id, guard, payload: labelAgentPayload(policy), backend, limits: policy.toolCallLimits ?? NO_LIMITS };
}

/** Beside guarded servers one without a guard would be a way round them: it must be meant (difc.md, noop). */
function refuseWayRound(given: MonitorOptions["servers"], read: ReadonlyMap<string, Server>): void {
  const guarded = [...read.values()].find(({ guard }) => guard.name !== "noop");
  const open = [...read.keys()].find((id) => given[id]?.guard === undefined && given[id]?.policy === undefined);
  if (guarded === undefined || open === undefined) return;
  throw new TypeError(
    `${CANNOT}: "servers.${open}.guard" is missing while "servers.${guarded.id}" has a guard; give it one, a write-sink policy or noopGuard()`,
  );
}

/** A guard that cannot begin anew keeps one policy in its memory: it must not serve two (difc.md, decision 5). */
function refuseSharedMemory(servers: readonly Server[]): void {
  const payloads = new Map<Guard, { readonly id: string; readonly payload: string }>();
  for (const { id, guard, payload } of servers) {
    // The same question as guardSessions asks: only these get instances of their own.
    if (typeof (guard as { readonly fresh?: unknown }).fresh === "function") continue;
    const text = canonicalJson(payload);
    const other = payloads.get(guard);
    if (other !== undefined && other.payload !== text) {
      throw new TypeError(
        `${CANNOT}: "servers.${other.id}.guard" and "servers.${id}.guard" are the same object under different policies; give each its own`,
      );
    }
    payloads.set(guard, { id, payload: text });
  }
}

const CANNOT = "Cannot create the monitor";

function requireObject(option: string, value: unknown): asserts value is object {
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    throw new TypeError(`${CANNOT}: "${option}" must be an object, got ${kindOf(value)}`);
  }
}

function requireKeys(prefix: string, value: object, allowed: readonly string[]): void {
  for (const key of Object.keys(value)) {
    if (!allowed.includes(key)) {
      throw new TypeError(
        `${CANNOT}: unknown option "${prefix}${key}"; allowed are ${allowed.map((name) => `"${name}"`).join(", ")}`,
      );
    }
  }
}

function requireMethods(option: string, value: unknown, methods: readonly string[]): void {
  const has = (name: string): boolean => typeof (value as Record<string, unknown> | null)?.[name] === "function";
  const missing = methods.find((name) => !has(name));
  if (missing === undefined) return;
  throw new TypeError(`${CANNOT}: "${option}" must be an object with a method "${missing}", got ${kindOf(value)}`);
}

export function kindOf(value: unknown): string {
  return value === null
    ? "null"
    : Array.isArray(value)
      ? "an array"
      : typeof value === "object"
        ? "an object"
        : value === undefined
          ? "undefined"
          : `a ${typeof value}`;
}
