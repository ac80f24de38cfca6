// A scenario as the page edits it: what it reads in one, which may still be wrong in any place, and how it changes one.
import { at } from "./json-map.ts";

export type Json = { readonly [key: string]: unknown };
export interface Answer extends Json {
  readonly tool: string;
  readonly args?: unknown;
  readonly result?: unknown;
  readonly error?: string;
}
export interface Server extends Json {
  readonly policy?: unknown;
  readonly guard?: unknown;
  readonly backend?: readonly Answer[];
}
export interface Scenario extends Json {
  readonly title?: string;
  readonly mode?: string;
  readonly servers: { readonly [id: string]: Server };
  readonly calls: readonly unknown[];
}

/** What identifies a question to a backend. */
export type Question = Pick<Answer, "tool" | "args">;

/** The server's entries that can be read as such; a text that is being edited may hold anything. */
function answersOf(server: Server | null | undefined): readonly Answer[] {
  const entries: unknown = server?.backend;
  return Array.isArray(entries) ? entries.filter((entry) => typeof entry === "object" && entry !== null) : [];
}

function sameQuestion(one: Question, other: Question): boolean {
  const canonical = (value: unknown): string =>
    JSON.stringify(value ?? {}, (_key, part: unknown) =>
      typeof part === "object" && part !== null && !Array.isArray(part)
        ? Object.fromEntries(Object.entries(part).sort())
        : part,
    );
  return one.tool === other.tool && canonical(one.args) === canonical(other.args);
}

/** The entry that answers a question, if there is one. */
export function answerTo(scenario: Scenario, server: string, question: Question): Answer | undefined {
  return answersOf(scenario.servers[server]).find((entry) => sameQuestion(entry, question));
}

/** The scenario with an answer in the place of the one to the same question, else added. */
export function withAnswer(scenario: Scenario, id: string, answer: Answer): Scenario {
  const backend = answersOf(scenario.servers[id]);
  const known = backend.some((entry) => sameQuestion(entry, answer));
  const entries = known ? backend.map((entry) => (sameQuestion(entry, answer) ? answer : entry)) : [...backend, answer];
  return withServer(scenario, id, { backend: entries });
}

/** The scenario with a part of one server changed; its calls stay the same array. */
export function withServer(scenario: Scenario, id: string, change: Partial<Server>): Scenario {
  return { ...scenario, servers: { ...scenario.servers, [id]: { ...scenario.servers[id], ...change } } };
}

/** What to paste in for a question nobody answers: the cautious answer where the shape is known, else an empty object. */
export function suggestion({ tool }: Question): unknown {
  return tool === "get_repository" ? { private: true } : {};
}

/** Where a server's policy stands in a scenario. */
export function policyPath(server: string): string {
  return `${at("servers", server)}.policy`;
}

/** A guard of the user's own stands in for every guard that the scenario names, so the digests of those do not apply. */
export function withoutDigests(scenario: Scenario): Scenario {
  const servers = Object.entries(scenario.servers).map(([id, server]) => {
    const { wasm } = (server?.guard ?? {}) as { readonly wasm?: unknown };
    return [id, wasm === undefined ? server : { ...server, guard: { wasm } }];
  });
  return { ...scenario, servers: Object.fromEntries(servers) as Scenario["servers"] };
}

/** Whether a value has the outline of a scenario, so that the page can show its parts; the rest is for the preview to judge. */
export function isScenario(value: unknown): value is Scenario {
  const { servers, calls } = (value ?? {}) as { servers?: unknown; calls?: unknown };
  return typeof servers === "object" && servers !== null && !Array.isArray(servers) && Array.isArray(calls);
}
