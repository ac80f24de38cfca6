// Puts material into a scenario: the whole of one, or the part that it is, beside what is there already. Pure.
import { isObject, own } from "../difc/json.ts";
import { unwrapResult } from "../difc/tool-result.ts";
import { ScenarioError } from "../errors.ts";
import { parseScenario, type Scenario, type ScenarioCall, type ScenarioGuard } from "../monitor/scenario.ts";
import { parsePolicy } from "../policy/parse.ts";
import { addressOf } from "./item-facts.ts";
import type { Material, MaterialProblem } from "./material.ts";

export interface ToScenarioOptions {
  /** Which server the material belongs to. @default the base's first that is no sink, else "github" */
  readonly server?: string;
  /** Of a result: what was called. @default guessed from what the items look like, with a word about it */
  readonly tool?: string;
  /** Of a result: with which arguments. @default owner and repository, where the items name one */
  readonly args?: unknown;
  /** The guard of servers that have none yet. @default the sample guard, { "wasm": "repo-guard.wasm" } */
  readonly guard?: ScenarioGuard;
  /** The policy of servers that have none yet. @default all repositories, min-integrity "approved" */
  readonly policy?: unknown;
}

/** A scenario, or why there is none, and what was guessed on the way. */
export interface ScenarioFromMaterial {
  readonly scenario?: Scenario;
  readonly problems: readonly MaterialProblem[];
}

const GUARD: ScenarioGuard = { wasm: "repo-guard.wasm" };
const POLICY = { "allow-only": { repos: "all", "min-integrity": "approved" } };

type Servers = Record<string, Scenario["servers"][string]>;

/**
 * A scenario with this material in it.
 *
 * @param base what there is so far: a policy replaces one of its policies, a result or a log adds calls
 */
export function toScenario(material: Material, base?: Scenario, options: ToScenarioOptions = {}): ScenarioFromMaterial {
  const server = options.server ?? firstServer(base) ?? "github";
  const { kind, problems } = material;
  if (kind === "scenario" || kind === "link") return { scenario: material.scenario, problems };
  if (kind === "unknown") return { problems };
  const servers: Servers = Object.assign(Object.create(null), base?.servers);
  const calls = base?.calls ?? [];
  const begin = { guard: options.guard ?? GUARD, policy: options.policy ?? POLICY };
  const finish = (added: readonly ScenarioCall[], more: readonly MaterialProblem[] = []): ScenarioFromMaterial => {
    for (const call of added) if (!Object.hasOwn(servers, call.server)) servers[call.server] = begin;
    if (Object.keys(servers).length === 0) servers[server] = begin;
    try {
      const scenario = parseScenario({ ...base, servers, calls: [...calls, ...added] });
      return { scenario, problems: [...problems, ...more] };
    } catch (error) {
      // What is there already and what comes in may not go together: a sink with a guard, a server without one.
      if (!(error instanceof ScenarioError)) throw error;
      return { problems: [...problems, { message: error.message, path: error.path }] };
    }
  };
  if (kind === "policy") {
    const { guard, policy: _replaced, ...rest } = servers[server] ?? { guard: begin.guard };
    const isSink = parsePolicy(material.policy).kind === "write-sink";
    servers[server] = { ...rest, ...(!isSink && { guard: guard ?? begin.guard }), policy: material.policy };
    return finish([]);
  }
  if (kind === "guard") {
    const digest = material.sha256 === "" ? {} : { sha256: material.sha256 };
    const known = servers[server] ?? { policy: begin.policy };
    const { guard } = known;
    const wasm = typeof guard === "object" ? guard.wasm : "guard.wasm";
    servers[server] = { ...known, guard: { wasm, ...digest } };
    return finish([]);
  }
  if (kind === "log") return finish(material.calls);
  if (kind === "tools")
    return finish([], [{ message: "A list of tools adds no calls; it is for the table of what the guard knows" }]);
  const guess = guessCall(material.result);
  const tool = options.tool ?? guess.tool;
  const args = options.args ?? guess.args;
  const said = `The call was taken for "${tool}" of ${JSON.stringify(args)}; change it if it was another`;
  return finish(
    [{ server, tool, args, result: material.result }],
    options.tool === undefined ? [{ message: said }] : [],
  );
}

function firstServer(base: Scenario | undefined): string | undefined {
  const servers = Object.entries(base?.servers ?? {});
  const isSink = (policy: unknown): boolean => policy !== undefined && parsePolicy(policy).kind === "write-sink";
  return servers.find(([, { policy }]) => !isSink(policy))?.[0];
}

/** What a result is probably the answer to. */
function guessCall(result: unknown): { readonly tool: string; readonly args: unknown } {
  let value: unknown = result;
  try {
    ({ value } = unwrapResult(result));
  } catch {
    // What does not fit together is for the preview to tell.
  }
  const list = listIn(value);
  const item = list?.items[0] ?? value;
  const isSearch = isObject(value) && (own(value, "total_count") !== undefined || own(value, "items") !== undefined);
  const noun = (isObject(item) && nounOf(item)) || list?.key || "items";
  const tool = list === undefined ? `get_${singular(noun)}` : `${isSearch ? "search" : "list"}_${noun}`;
  const address = isObject(item) ? addressOf(item) : undefined;
  const [owner, repo] = address?.split("/") ?? [];
  if (isSearch) return { tool, args: address === undefined ? { query: "" } : { query: `repo:${address}` } };
  const known = TOOLS[tool] ?? tool;
  const args = owner === undefined ? {} : { owner, repo };
  const path = isObject(item) ? own(item, "path") : undefined;
  return { tool: known, args: known === "get_file_contents" && typeof path === "string" ? { ...args, path } : args };
}

const TOOLS: Readonly<Record<string, string>> = {
  get_issue: "issue_read",
  get_pull_request: "pull_request_read",
  get_file: "get_file_contents",
  list_files: "get_file_contents",
};

function listIn(value: unknown): { readonly items: readonly unknown[]; readonly key?: string } | undefined {
  if (Array.isArray(value)) return { items: value };
  if (!isObject(value) || own(value, "number") !== undefined || own(value, "sha") !== undefined) return undefined;
  for (const [key, part] of Object.entries(value)) {
    if (Array.isArray(part) && part.some(isObject))
      return /^[a-z_]{1,40}$/.test(key) && key !== "items" && key !== "nodes" ? { items: part, key } : { items: part };
  }
  return undefined;
}

function nounOf(item: object): string | undefined {
  const has = (...keys: readonly string[]): boolean => keys.every((key) => Object.hasOwn(item, key));
  if (has("head", "base") || has("pull_request") || has("merged_at")) return "pull_requests";
  if (has("commit", "sha")) return "commits";
  if (has("full_name")) return "repositories";
  if (has("path", "sha") || has("path", "content")) return "files";
  if (has("tag_name")) return "releases";
  if (has("issue_url", "body")) return "issue_comments";
  return has("number", "title") ? "issues" : undefined;
}

function singular(noun: string): string {
  return noun.replace(/ies$/, "y").replace(/s$/, "");
}
