// The monitor on its vectors, in any runtime: scripted guards, scripted servers, and stores that fail when told to.
import agents from "../vectors/monitor/agents.json" with { type: "json" };
import coarse from "../vectors/monitor/coarse.json" with { type: "json" };
import decisions from "../vectors/monitor/decisions.json" with { type: "json" };
import faults from "../vectors/monitor/faults.json" with { type: "json" };
import items from "../vectors/monitor/items.json" with { type: "json" };
import limits from "../vectors/monitor/limits.json" with { type: "json" };
import misuse from "../vectors/monitor/misuse.json" with { type: "json" };
import numbers from "../vectors/monitor/numbers.json" with { type: "json" };
import opaque from "../vectors/monitor/opaque.json" with { type: "json" };
import { equal, ok, rejects } from "./assert.ts";
import { type ServerScript, scriptedGuard } from "./scripted-guard.ts";
import type { Environment, Library, Runner } from "./suite.ts";

interface Expected {
  readonly status: string;
  /** All of the result. */
  readonly result?: unknown;
  /** The data in the result's first text block. */
  readonly keptData?: unknown;
  /** The result's first text block, as engines with JSON.rawJSON write it; others write the numbers as they read them. */
  readonly keptText?: string;
  readonly keptStructured?: unknown;
  /** Words in the result's text. */
  readonly says?: readonly string[];
  /** Words that are nowhere in the result. */
  readonly hides?: readonly string[];
  readonly removed?: readonly { readonly index: number; readonly violations: readonly string[] }[];
  readonly violation?: { readonly kind: string; readonly phase: number; readonly missing?: readonly string[] };
  readonly notice?: { readonly policy: string; readonly count: number };
  readonly error?: string;
  readonly executed?: boolean;
  readonly before?: unknown;
  readonly after?: unknown;
  /** The statuses of the seven phases. */
  readonly trace?: string;
}

interface Case {
  readonly name: string;
  readonly mode?: string;
  readonly servers: Readonly<Record<string, ServerScript>>;
  /** The labels that an operator gives before the first call. */
  readonly set?: unknown;
  /** Which transaction the store fails, from 1; or that it returns rubbish. */
  readonly store?: { readonly failAt?: number; readonly garbage?: unknown };
  readonly calls: readonly {
    readonly agent?: string;
    readonly server: string;
    readonly tool: string;
    readonly result?: unknown;
    readonly throws?: string;
    readonly expect: Expected;
  }[];
  /** What agents.get says in the end. */
  readonly labels?: unknown;
}

export function monitorSuite(runner: Runner, library: Library, _environment: Environment): void {
  for (const { description: _, cases } of [coarse, items, decisions, agents, opaque, numbers, faults, limits]) {
    for (const vector of cases as unknown as Case[]) {
      runner.test(`monitor: ${vector.name}`, () => runCase(library, vector));
    }
  }
  for (const { name, options, call, error, message } of misuse.cases as unknown as Misuse[]) {
    runner.test(`monitor, misuse: ${name}`, async () => {
      const thrown = await rejects(async () => {
        const monitor = library.createMonitor(serversOf(options) as never);
        if (call !== undefined) await monitor.callTool(call as never, () => null);
      });
      ok(thrown.name === error, `${error} is thrown: ${thrown}`);
      ok(thrown.message.includes(message), `The message says ${message}: ${thrown.message}`);
    });
  }
}

interface Misuse {
  readonly name: string;
  readonly options: unknown;
  readonly call?: unknown;
  readonly error: string;
  readonly message: string;
}

/** `"scripted"` in place of a guard stands for one that labels nothing; the same text, the same guard. */
function serversOf(options: unknown): unknown {
  if (typeof options !== "object" || options === null || !("servers" in options)) return options;
  const { servers } = options;
  if (typeof servers !== "object" || servers === null || Array.isArray(servers)) return options;
  const shared = new Map<string, unknown>();
  const read = Object.entries(servers).map(([id, server]) => {
    if (typeof server?.guard !== "string") return [id, server];
    const script = { agent: { secrecy: [], integrity: [] }, mode: "strict", tools: {} };
    const guard = shared.get(server.guard) ?? scriptedGuard(server.guard, script);
    shared.set(server.guard, guard);
    return [id, { ...server, guard }];
  });
  return { ...options, servers: Object.fromEntries(read) };
}

async function runCase(library: Library, vector: Case): Promise<void> {
  const servers = Object.fromEntries(
    Object.entries(vector.servers).map(([id, script]) => {
      const { policy } = script;
      const scripted = script.tools === undefined ? undefined : scriptedGuard(id, script);
      const guard = script.guard === "noop" ? library.noopGuard() : scripted;
      return [id, { ...(guard && { guard }), ...(policy !== undefined && { policy }) }];
    }),
  );
  const options = {
    servers,
    ...(vector.mode !== undefined && { mode: vector.mode }),
    ...(vector.store && { state: failingStore(library, vector.store) }),
  };
  const monitor = library.createMonitor(options as Parameters<Library["createMonitor"]>[0]);
  if (vector.set !== undefined) await monitor.agents.set("default", vector.set as never);
  for (const [position, call] of vector.calls.entries()) {
    const { agent: agentId, server, tool, expect: want } = call;
    let executed = false;
    const before = JSON.stringify(call.result);
    const outcome = await monitor.callTool({ ...(agentId && { agentId }), server, tool, args: {} }, async () => {
      executed = true;
      if (call.throws !== undefined) throw new Error(call.throws);
      return call.result;
    });
    const at = (what: string): string => `Call ${position}: ${what}`;
    equal(outcome.status, want.status, at(`the status (${outcome.error ?? outcome.violation?.reason ?? ""})`));
    const text = JSON.stringify(outcome.result);
    if (want.status === "denied" || want.status === "failed") {
      ok((outcome.result as { isError?: unknown }).isError === true, at(`the result is an error: ${text}`));
    }
    if (want.status === "allowed" && !("result" in want))
      ok(outcome.result === call.result, at("an allowed result is the same object"));
    if ("result" in want) equal(outcome.result, want.result, at("the result"));
    if (want.keptData !== undefined) equal(dataOf(outcome.result), want.keptData, at("the data that is kept"));
    if (want.keptText !== undefined) {
      const text = "rawJSON" in JSON ? want.keptText : JSON.stringify(JSON.parse(want.keptText));
      equal(firstText(outcome.result), text, at("the text that is kept"));
    }
    if (want.keptStructured !== undefined) {
      const { structuredContent } = outcome.result as { readonly structuredContent?: unknown };
      equal(structuredContent, want.keptStructured, at("the structured content that is kept"));
    }
    for (const word of want.says ?? []) ok(text.includes(word), at(`the result says ${word}: ${text}`));
    for (const word of want.hides ?? []) ok(!text.includes(word), at(`the result hides ${word}: ${text}`));
    const removed = outcome.removed.map(({ index, violations }) => ({ index, violations }));
    equal(removed, want.removed ?? [], at("what is removed"));
    for (const item of outcome.removed) ok(item.reason !== "", at("a removed item has a reason"));
    const { kind, phase, missing } = outcome.violation ?? {};
    const violation = outcome.violation && { kind, phase, ...(want.violation?.missing && { missing }) };
    equal(violation, want.violation, at("the violation"));
    const notice = outcome.notice && { policy: outcome.notice.policy, count: outcome.notice.count };
    equal(notice, want.notice, at("the notice"));
    equal((outcome.error as { code?: string } | undefined)?.code, want.error, at(`the fault (${outcome.error})`));
    if (want.executed !== undefined) equal(executed, want.executed, at("whether the backend was called"));
    if (want.before !== undefined) equal(sorted(outcome.agent.before), sorted(want.before), at("the labels before"));
    if (want.after !== undefined) equal(sorted(outcome.agent.after), sorted(want.after), at("the labels after"));
    const trace = outcome.trace.map(({ status }) => status).join(" ");
    if (want.trace !== undefined) equal(trace, want.trace, at("the trace"));
    equal(
      outcome.trace.map((entry) => entry.phase),
      [0, 1, 2, 3, 4, 5, 6],
      at("the trace has every phase"),
    );
    ok(JSON.stringify(call.result) === before, at("the backend's result stays as it was"));
  }
  if (vector.labels !== undefined)
    equal(sorted(await monitor.agents.get("default")), sorted(vector.labels), "agents.get");
  await monitor.close();
}

function firstText(result: unknown): string {
  const [first] = (result as { content: { text: string }[] }).content;
  return first!.text;
}

const dataOf = (result: unknown): unknown => JSON.parse(firstText(result));

function sorted(labels: unknown): unknown {
  const { secrecy, integrity } = labels as { secrecy: readonly string[]; integrity: readonly string[] };
  return { secrecy: [...secrecy].sort(), integrity: [...integrity].sort() };
}

function failingStore(library: Library, script: NonNullable<Case["store"]>): ReturnType<Library["memoryAgents"]> {
  const inner = library.memoryAgents();
  let count = 0;
  return {
    async transact(key, change) {
      count += 1;
      if (count === script.failAt) throw new Error("the disk is full of private:vault");
      if (script.garbage !== undefined) return change(script.garbage as never).value;
      return inner.transact(key, change);
    },
  };
}
