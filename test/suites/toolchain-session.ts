// A session with one of the toolchains' guards (test/guards/toolchains.md), and the backend that it asks.
import type { Backend, GuardEvent, GuardSource, LogEntry, WasmGuard } from "edge-guard";
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
  });
  const describe = async (tool: string, args?: unknown): Promise<string> =>
    (await guard.labelResource({ tool, args })).description;
  return { guard, backend, log, events, describe };
}
