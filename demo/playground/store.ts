// The playground's state and everything that changes it. One scenario is the truth; texts that do not parse yet stand beside it.
import {
  type ErrorView,
  type GuardInspection,
  type PolicyPreviewElement,
  PreviewError,
  type PreviewView,
} from "edge-guard/web";
import { type Problem, parseText, pretty } from "./json-map.ts";
import {
  type Answer,
  isScenario,
  policyPath,
  type Scenario,
  suggestion,
  withAnswer,
  withoutDigests,
  withServer,
} from "./scenario.ts";

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
  /** Counts the scenarios that were opened: what is typed in one cannot be undone in the next. */
  readonly opened: number;
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
    opened: 0,
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

  let refreshing: ReturnType<typeof setTimeout> | undefined;

  /** Writes the scenario's text anew once typing elsewhere pauses: for a large one that takes a while. */
  function refreshJson(): void {
    clearTimeout(refreshing);
    if (state.json === undefined) return;
    refreshing = setTimeout(() => {
      if (state.json?.problems.length === 0) set({ json: { text: pretty(state.scenario), problems: [] } });
    }, 300);
  }

  /** Takes a scenario over and evaluates it, unless a text beside it does not parse: then that is the error. */
  function adopt(scenario: Scenario, change: Partial<State> = {}): void {
    set({ edited: true, ...change, scenario });
    if (change.json === undefined) refreshJson();
    else clearTimeout(refreshing);
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

  async function select(name: string): Promise<void> {
    set({ selected: name });
    try {
      const response = await fetch(`scenarios/${encodeURIComponent(name)}.json`);
      if (!response.ok) throw new Error(`Loading the scenario "${name}": the server answered ${response.status}`);
      const scenario: unknown = await response.json();
      if (state.selected !== name) return;
      if (!isScenario(scenario)) throw new Error(`Loading the scenario "${name}": it has no servers or calls`);
      adopt(scenario, { policies: policyDrafts(scenario), edited: false, opened: state.opened + 1 });
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
      adopt("problems" in parsed ? state.scenario! : withServer(state.scenario!, server, { policy: parsed.value }), {
        policies,
      });
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
