// The playground's state and everything that changes it. One scenario is the truth; texts that do not parse yet stand beside it.
import type { ToolDescription } from "edge-guard/analysis";
import {
  type ErrorView,
  type GuardInspection,
  type PolicyPreviewElement,
  PreviewError,
  type PreviewView,
} from "edge-guard/web";
import { type Problem, parseText, pretty } from "./json-map.ts";
import { isLink, readLink } from "./keeping/links.ts";
import type { Notice } from "./keeping/notices.tsx";
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
  /** Whether it labels; until somebody says so it is only described. */
  readonly running: boolean;
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
  /** A file that was dropped on the page and not looked at yet. */
  readonly incoming: File | undefined;
  /** What servers say about their tools, by server. */
  readonly tools: { readonly [server: string]: readonly ToolDescription[] };
  readonly notices: readonly Notice[];
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
  /** Evaluates anew as everything stands. */
  replay(): void;
  /** Describes a guard's file without running it; undefined goes back to the sample. */
  offerGuard(file: File | undefined): Promise<void>;
  runGuard(): void;
  /** Takes a scenario over as one that is new here, or as an edit of the present one. */
  open(scenario: Scenario, from: "import" | "edit"): void;
  receive(file: File | undefined): void;
  /** Adds a call with its result at the end; a server that is new gets the sample guard and a policy to begin with. */
  addCall(server: string, call: { readonly tool: string; readonly args: unknown; readonly result: unknown }): void;
  useTools(server: string, tools: readonly ToolDescription[]): void;
  undoAll(): void;
  /** The scenario with what came of it as its expectations. */
  record(): Promise<unknown>;
  /** Forgets what was kept and opens the first scenario. */
  startFresh(): Promise<void>;
  notify(notice: Notice): void;
  dismiss(name: string): void;
}

const sampleGuard = new URL("guards/repo-guard.wasm", document.baseURI).href;

/** Loaded after the first paint. */
const drafts = () => import("./keeping/drafts.ts");

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
    incoming: undefined,
    tools: {},
    notices: [],
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

  let keeping: ReturnType<typeof setTimeout> | undefined;
  /** What the present scenario was when it was opened, where the gallery does not have it. */
  let base: Scenario | undefined;
  /** Opened with #fresh: nothing is restored and nothing is kept. */
  let isPrivate = false;

  /** Keeps the work once typing pauses. An address that names another content would bring that back instead. */
  function keepSoon(): void {
    clearTimeout(keeping);
    if (isPrivate) return;
    if (location.hash !== "") history.replaceState(null, "", location.pathname + location.search);
    keeping = setTimeout(async () => {
      const { keepDraft } = await drafts();
      if (state.edited && state.scenario)
        await keepDraft({ scenario: state.scenario, selected: state.selected, at: Date.now() });
    }, 400);
  }

  function notify(notice: Notice): void {
    set({ notices: [...state.notices.filter(({ name }) => name !== notice.name), notice] });
  }
  function dismiss(name: string): void {
    set({ notices: state.notices.filter((notice) => notice.name !== name) });
  }

  /** Shows a scenario that the gallery does not have. */
  function openOwn(scenario: Scenario, change: Partial<State> = {}): void {
    base = scenario;
    adopt(scenario, {
      policies: policyDrafts(scenario),
      selected: "",
      edited: false,
      opened: state.opened + 1,
      ...change,
    });
  }

  async function openLink(hash: string): Promise<void> {
    try {
      const { scenario, warnings } = await readLink(hash);
      if (location.hash !== hash) return;
      for (const { code, message } of warnings) notify({ name: code, kind: "warning", text: message });
      openOwn(scenario as unknown as Scenario);
    } catch (error) {
      if (location.hash === hash) preview.fail(error);
    }
  }

  /** Goes on with the kept work; the address must not name anything else. */
  async function resume(): Promise<boolean> {
    const draft = await (await drafts()).readDraft();
    if (draft === undefined) return false;
    openOwn(draft.scenario, { selected: draft.selected, edited: true });
    if (draft.selected !== "") base = undefined;
    const when = new Date(draft.at).toLocaleString();
    const action = { label: "Start fresh", run: () => void startFresh() };
    notify({
      name: "restored",
      kind: "info",
      text: `This is your work of ${when}, kept in this browser only.`,
      action,
    });
    return true;
  }

  async function startFresh(): Promise<void> {
    clearTimeout(keeping);
    await (await drafts()).forgetDraft();
    set({ notices: [], tools: {} });
    history.replaceState(null, "", location.pathname + location.search);
    const first = state.gallery[0]?.name;
    if (first !== undefined) await select(first);
  }

  /** Takes a scenario over and evaluates it, unless a text beside it does not parse: then that is the error. */
  function adopt(scenario: Scenario, change: Partial<State> = {}): void {
    set({ edited: true, ...change, scenario });
    if (state.edited) keepSoon();
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
    else if (state.scenario) preview.scenario = state.guard?.running ? withoutDigests(state.scenario) : state.scenario;
  }

  async function select(name: string): Promise<void> {
    set({ selected: name });
    base = undefined;
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

  const store: Store = {
    get state() {
      return state;
    },
    subscribe: (listener) => listeners.add(listener),
    attach(element) {
      preview = element;
      preview.settleMs = 150;
      preview.guards = sampleGuard;
      preview.addEventListener("policy-preview:apply", (event) => {
        event.preventDefault();
        store.editPolicy(event.detail.server, pretty(event.detail.policy));
      });
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
      const follow = async (): Promise<boolean> => {
        if (isLink(location.hash)) await openLink(location.hash);
        else if (exists(wanted())) await select(wanted());
        else return false;
        return true;
      };
      addEventListener("hashchange", () => {
        if (state.edited || wanted() !== state.selected || isLink(location.hash)) void follow();
      });
      isPrivate = location.hash === "#fresh";
      if (await follow()) {
        if ((await (await drafts()).readDraft()) === undefined) return;
        const action = { label: "Go back to it", run: () => void resume() };
        return notify({ name: "kept", kind: "info", text: "You have other work kept in this browser.", action });
      }
      if (!isPrivate && (await resume())) return;
      const first = state.gallery[0]?.name;
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
    replay: () => evaluate(),
    fillMissing() {
      const missing = state.view?.missingAnswers ?? [];
      const scenario = missing.reduce(
        (filled, { server, tool, args }) => withAnswer(filled, server, { tool, args, result: suggestion({ tool }) }),
        state.scenario!,
      );
      adopt(scenario);
    },
    async offerGuard(file) {
      if (file === undefined && state.guard === undefined) return;
      const ran = state.guard?.running === true;
      set({ guard: file && { file, running: false } });
      if (ran) {
        preview.guards = sampleGuard;
        evaluate();
      }
      if (file === undefined) return;
      const described = (found: Partial<OwnGuard>): void => {
        if (state.guard?.file === file) set({ guard: { ...state.guard, ...found } });
      };
      try {
        described({ inspection: await preview.inspectGuard(file) });
      } catch (error) {
        described({ error: (error as Error).message });
      }
    },
    runGuard() {
      if (state.guard === undefined) return;
      set({ guard: { ...state.guard, running: true } });
      preview.guards = state.guard.file;
      evaluate();
    },
    open(scenario, from) {
      if (from === "import") openOwn(scenario, { edited: true });
      else adopt(scenario, { policies: policyDrafts(scenario) });
    },
    addCall(server, call) {
      const { servers, calls, ...rest } = state.scenario!;
      const known = Object.hasOwn(servers, server)
        ? servers
        : {
            ...servers,
            [server]: {
              guard: { wasm: "repo-guard.wasm" },
              policy: { "allow-only": { repos: "all", "min-integrity": "approved" } },
            },
          };
      const scenario = { ...rest, servers: known, calls: [...calls, { server, ...call }] };
      adopt(scenario, known === servers ? {} : { policies: policyDrafts(scenario) });
    },
    receive: (incoming) => set({ incoming }),
    useTools: (server, tools) => set({ tools: { ...state.tools, [server]: tools } }),
    undoAll() {
      if (base !== undefined) openOwn(base);
      else void select(state.selected);
    },
    async record() {
      const recorded = await preview.ask({ type: "record" });
      // With the digests of the scenario, which a guard of one's own runs without.
      const { servers } = state.scenario!;
      return state.guard?.running ? recorded : { ...recorded, servers };
    },
    startFresh,
    notify,
    dismiss,
  };
  return store;
}
