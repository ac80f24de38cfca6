// The playground's state and everything that changes it. One scenario is the truth; texts that do not parse yet stand beside it.
import {
  type ErrorView,
  type GuardInspection,
  type PolicyPreviewElement,
  PreviewError,
  type PreviewView,
} from "edge-guard/web";
import { at, type Problem, parseText, pretty } from "./json-map.ts";

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

/** One line of scenarios/index.json. */
export interface GalleryEntry {
  readonly name: string;
  readonly title: string;
  readonly group: string;
}

export interface Draft {
  readonly text: string;
  readonly problems: readonly Problem[];
}

export interface OwnGuard {
  readonly file: File;
  readonly inspection?: GuardInspection;
  readonly error?: string;
}

export interface State {
  readonly gallery: readonly GalleryEntry[];
  readonly selected: string;
  readonly scenario: Scenario | undefined;
  /** What stands in each policy's field. */
  readonly policies: { readonly [server: string]: Draft };
  /** The whole scenario as text, while its field is open. */
  readonly json: Draft | undefined;
  readonly edited: boolean;
  readonly delayMs: number;
  readonly guard: OwnGuard | undefined;
  readonly view: PreviewView | undefined;
  readonly errors: readonly ErrorView[];
}

export interface Store {
  readonly state: State;
  subscribe(listener: () => void): void;
  attach(preview: PolicyPreviewElement): void;
  start(): Promise<void>;
  select(name: string): Promise<void>;
  editPolicy(server: string, text: string): void;
  editJson(text: string): void;
  openJson(open: boolean): void;
  setMode(mode: string | undefined): void;
  setDelay(milliseconds: number): void;
  setAnswer(server: string, answer: Answer): void;
  fillMissing(): void;
  useGuard(file: File | undefined): Promise<void>;
}

const sampleGuard = new URL("guards/repo-guard.wasm", document.baseURI).href;

function sameQuestion(one: Pick<Answer, "tool" | "args">, other: Pick<Answer, "tool" | "args">): boolean {
  const canonical = (value: unknown): string =>
    JSON.stringify(value ?? {}, (_key, part: unknown) =>
      typeof part === "object" && part !== null && !Array.isArray(part)
        ? Object.fromEntries(Object.entries(part).sort())
        : part,
    );
  return one.tool === other.tool && canonical(one.args) === canonical(other.args);
}

/** The entry that answers a question, if there is one. */
export function answerTo(
  scenario: Scenario,
  server: string,
  question: Pick<Answer, "tool" | "args">,
): Answer | undefined {
  return scenario.servers[server]?.backend?.find((entry) => sameQuestion(entry, question));
}

/** What to paste in for a question nobody answers: the cautious answer where the shape is known, else an empty object. */
function suggestion({ tool }: Pick<Answer, "tool">): unknown {
  return tool === "get_repository" ? { private: true } : {};
}

/** Where a server's policy stands in a scenario. */
export function policyPath(server: string): string {
  return `${at("servers", server)}.policy`;
}

/** A guard of the user's own stands in for every guard that the scenario names, so the digests of those do not apply. */
function withoutDigests(scenario: Scenario): Scenario {
  const servers = Object.entries(scenario.servers).map(([id, server]) => {
    const { wasm } = (server.guard ?? {}) as { readonly wasm?: unknown };
    return [id, wasm === undefined ? server : { ...server, guard: { wasm } }];
  });
  return { ...scenario, servers: Object.fromEntries(servers) as Scenario["servers"] };
}

function isScenario(value: unknown): value is Scenario {
  const { servers, calls } = (value ?? {}) as { servers?: unknown; calls?: unknown };
  return typeof servers === "object" && servers !== null && !Array.isArray(servers) && Array.isArray(calls);
}

function policyDrafts(scenario: Scenario): State["policies"] {
  const withPolicy = Object.entries(scenario.servers).filter(([, server]) => server?.policy !== undefined);
  return Object.fromEntries(withPolicy.map(([id, { policy }]) => [id, { text: pretty(policy), problems: [] }]));
}

export function createStore(): Store {
  const listeners = new Set<() => void>();
  let preview: PolicyPreviewElement;
  let state: State = {
    gallery: [],
    selected: "",
    scenario: undefined,
    policies: {},
    json: undefined,
    edited: false,
    delayMs: 0,
    guard: undefined,
    view: undefined,
    errors: [],
  };

  function set(change: Partial<State>): void {
    state = { ...state, ...change };
    for (const listener of listeners) listener();
  }

  /** Takes a scenario over and evaluates it, unless a text beside it does not parse: then that is the error. */
  function adopt(scenario: Scenario, change: Partial<State> = {}): void {
    const json = change.json ?? (state.json && { text: pretty(scenario), problems: [] });
    set({ edited: true, ...change, scenario, json });
    evaluate();
  }

  function evaluate(): void {
    const drafts: [string, Draft][] = Object.entries(state.policies).map(([id, draft]) => [policyPath(id), draft]);
    if (state.json) drafts.push(["", state.json]);
    const errors = drafts.flatMap(([path, { problems }]) =>
      problems.map(({ message, path: inner }) => ({
        name: "SyntaxError",
        message,
        path: [path, inner].filter(Boolean).join("."),
      })),
    );
    if (errors.length > 0) preview.fail(new PreviewError(errors));
    else if (state.scenario) preview.scenario = state.guard ? withoutDigests(state.scenario) : state.scenario;
  }

  function changeServer(id: string, change: Partial<Server>): Scenario {
    const scenario = state.scenario!;
    return { ...scenario, servers: { ...scenario.servers, [id]: { ...scenario.servers[id], ...change } } };
  }

  function withAnswer(scenario: Scenario, id: string, answer: Answer): Scenario {
    const server = scenario.servers[id] ?? {};
    const backend = server.backend ?? [];
    const known = backend.some((entry) => sameQuestion(entry, answer));
    const entries = known
      ? backend.map((entry) => (sameQuestion(entry, answer) ? answer : entry))
      : [...backend, answer];
    return { ...scenario, servers: { ...scenario.servers, [id]: { ...server, backend: entries } } };
  }

  async function select(name: string): Promise<void> {
    set({ selected: name });
    try {
      const response = await fetch(`scenarios/${encodeURIComponent(name)}.json`);
      if (!response.ok) throw new Error(`Loading the scenario "${name}": the server answered ${response.status}`);
      const scenario: unknown = await response.json();
      if (state.selected !== name) return;
      if (!isScenario(scenario)) throw new Error(`Loading the scenario "${name}": it has no servers or calls`);
      adopt(scenario, { policies: policyDrafts(scenario), edited: false });
    } catch (error) {
      if (state.selected === name) preview.fail(error);
    }
  }

  return {
    get state() {
      return state;
    },
    subscribe: (listener) => listeners.add(listener),
    attach(element) {
      preview = element;
      preview.settleMs = 150;
      preview.guards = sampleGuard;
      preview.addEventListener("policy-preview:report", ({ detail }) => set({ view: detail, errors: [] }));
      preview.addEventListener("policy-preview:error", ({ detail }) => set({ errors: detail.errors }));
    },
    async start() {
      const response = await fetch("scenarios/index.json");
      if (!response.ok)
        return preview.fail(new Error(`Loading the list of scenarios: the server answered ${response.status}`));
      set({ gallery: (await response.json()) as GalleryEntry[] });
      const wanted = () => new URLSearchParams(location.hash.slice(1)).get("scenario") ?? "";
      const exists = (name: string) => state.gallery.some((entry) => entry.name === name);
      addEventListener("hashchange", () => {
        if (exists(wanted()) && wanted() !== state.selected) void select(wanted());
      });
      const first = exists(wanted()) ? wanted() : state.gallery[0]?.name;
      if (first !== undefined) await select(first);
    },
    select,
    editPolicy(server, text) {
      const parsed = parseText(text);
      const problems = "problems" in parsed ? parsed.problems : [];
      const policies = { ...state.policies, [server]: { text, problems } };
      adopt("problems" in parsed ? state.scenario! : changeServer(server, { policy: parsed.value }), { policies });
    },
    editJson(text) {
      const parsed = parseText(text);
      if ("problems" in parsed) return adopt(state.scenario!, { json: { text, problems: parsed.problems } });
      if (!isScenario(parsed.value)) {
        const message = 'A scenario is an object with "servers" and "calls"';
        return adopt(state.scenario!, { json: { text, problems: [{ message, offset: 0 }] } });
      }
      adopt(parsed.value, { json: { text, problems: [] }, policies: policyDrafts(parsed.value) });
    },
    openJson(open) {
      if (open === (state.json !== undefined)) return;
      const broken = (state.json?.problems.length ?? 0) > 0;
      set({ json: open ? { text: pretty(state.scenario), problems: [] } : undefined });
      if (broken) evaluate();
    },
    setMode(mode) {
      const { mode: _dropped, ...rest } = state.scenario!;
      adopt((mode === undefined ? rest : { ...rest, mode }) as Scenario);
    },
    setDelay(delayMs) {
      set({ delayMs });
      preview.backendDelayMs = delayMs;
      evaluate();
    },
    setAnswer(server, answer) {
      adopt(withAnswer(state.scenario!, server, answer));
    },
    fillMissing() {
      const missing = state.view?.missingAnswers ?? [];
      const scenario = missing.reduce(
        (filled, { server, tool, args }) => withAnswer(filled, server, { tool, args, result: suggestion({ tool }) }),
        state.scenario!,
      );
      adopt(scenario);
    },
    async useGuard(file) {
      set({ guard: file && { file } });
      preview.guards = file ?? sampleGuard;
      evaluate();
      if (file === undefined) return;
      try {
        const inspection = await preview.inspectGuard(file);
        if (state.guard?.file === file) set({ guard: { file, inspection } });
      } catch (error) {
        if (state.guard?.file === file) set({ guard: { file, error: (error as Error).message } });
      }
    },
  };
}
