// A session with one of the toolchains' guards (test/guards/toolchains.md), and the backend that it asks.
import type { Backend, GuardError, GuardEvent, GuardSource, LoadGuardOptions, LogEntry, WasmGuard } from "edge-guard";
import { equal, rejects } from "./assert.ts";
import type { Environment, Library } from "./suite.ts";

export const languages = ["rust", "go", "c", "assemblyscript"] as const;
export type Language = (typeof languages)[number];

/** How questions are answered: at once, or later, and then how the guest waits. */
export type Waiting = "synchronous" | "replay" | "stepwise" | "jspi";

interface User {
  readonly role: string;
  readonly biography?: number;
}
export type Users = { readonly [login: string]: User | null | undefined };

/** Answers get_user as an MCP server would, and keeps the logins that it was asked for. */
function directory(users: Users, waiting: Waiting): Backend & { readonly asked: string[] } {
  const asked: string[] = [];
  const answer = (tool: string, args: unknown): unknown => {
    const { login } = args as { login: string };
    asked.push(tool === "get_user" ? login : `${tool}: ${login}`);
    const user = Object.hasOwn(users, login) ? users[login] : undefined;
    if (user === undefined || user === null) throw new Error(`There is no user "${login}"`);
    const text = JSON.stringify({ login, biography: "b".repeat(user.biography ?? 0), role: user.role });
    return { content: [{ type: "text", text }] };
  };
  const later = async (tool: string, args: unknown): Promise<unknown> => {
    // Another turn of the event loop, so that answers come after the run has ended.
    await new Promise((resolve) => setTimeout(resolve, 1));
    return answer(tool, args);
  };
  const synchronous = waiting === "synchronous";
  return { name: "directory", synchronous, callTool: synchronous ? answer : later, asked };
}

export interface Session {
  readonly guard: WasmGuard;
  readonly backend: ReturnType<typeof directory>;
  readonly log: LogEntry[];
  readonly events: GuardEvent[];
  /** The tool's description by label_resource. */
  describe(tool: string, args?: unknown): Promise<string>;
}

export const policy = { "allow-only": { "min-integrity": "approved", repos: "public" } };
export const people: Users = {
  ada: { role: "member" },
  bob: { role: "visitor", biography: 1000 },
  cat: { role: "visitor" },
};
export const issues: readonly { readonly number: number; readonly user: { readonly login: string } }[] = Object.keys(
  people,
).map((login, index) => ({ number: index + 1, user: { login } }));

/** Loads a language's guard in front of a directory of users. */
export async function openSession(
  library: Library,
  environment: Environment,
  language: Language,
  waiting: Waiting,
  users: Users,
  arrive: (bytes: Uint8Array<ArrayBuffer>) => GuardSource = (bytes) => bytes,
  warmStart: boolean | { readonly labelAgent: boolean } = false,
  // As the toolchains made them: how deep a stack goes and how large a module is must not depend on who counts by default.
  more: Pick<LoadGuardOptions, "fuel" | "limits"> = { fuel: false },
): Promise<Session> {
  const backend = directory(users, waiting);
  const log: LogEntry[] = [];
  const events: GuardEvent[] = [];
  const guard = await library.loadGuard(arrive(await environment.guard(`${language}-guard`)), {
    name: language,
    backend,
    log: (entry) => log.push(entry),
    onEvent: (event) => events.push(event),
    suspension: waiting === "jspi" ? "jspi" : "replay",
    speculate: waiting !== "stepwise",
    warmStart,
    ...more,
  });
  const describe = async (tool: string, args?: unknown): Promise<string> =>
    (await guard.labelResource({ tool, args })).description;
  return { guard, backend, log, events, describe };
}

/** A step of test/vectors/toolchains/sessions.json. */
export interface Step {
  readonly call: string;
  readonly policy?: unknown;
  readonly tool?: string;
  readonly args?: unknown;
  readonly result?: unknown;
  readonly labels?: unknown;
  readonly fault?: string;
  readonly log: readonly string[];
  readonly asked?: readonly string[];
}

/** Plays one step: the labels or the fault, the log, and what reached the backend must be those of the vector. */
export async function play({ guard, backend, log }: Session, step: Step, at: string): Promise<void> {
  log.length = 0;
  backend.asked.length = 0;
  const call = { tool: step.tool ?? "", args: step.args };
  const run = (): Promise<unknown> => {
    if (step.call === "labelAgent") return guard.labelAgent(step.policy);
    return step.call === "labelResource" ? guard.labelResource(call) : guard.labelResponse(call, step.result);
  };
  if (step.fault === undefined) equal(await run(), step.labels, `Other labels at ${at}`);
  else equal(((await rejects(run())) as GuardError).code, step.fault, `Another fault at ${at}`);
  const lines = log.map(({ level, source, message }) => `${level} ${source} ${message}`);
  equal(lines, step.log, `Another log at ${at}`);
  equal(backend.asked, step.asked ?? [], `Other questions at ${at}`);
}
