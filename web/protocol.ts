// What the page and the preview worker say to each other, and what the element shows: types only, shared by both ends.
import type {
  GuardReport,
  JudgedItem,
  LoadProgress,
  LogEntry,
  Mismatch,
  Mode,
  Notice,
  OutcomeStatus,
  PhaseTrace,
  PreviewCall,
  Scenario,
  Violation,
} from "edge-guard";
import type {
  CallEffect,
  CoverageReport,
  Effect,
  ModeComparison,
  PolicyChange,
  Provenance,
  Reach,
  ReachOptions,
  Suggestions,
  TagHistory,
  Target,
  ToolDescription,
} from "edge-guard/analysis";

/** Where a guard comes from, as far as it can travel to a worker. Strings are URLs, resolved against the document. */
export type PreviewGuardSource = string | URL | ArrayBuffer | ArrayBufferView | Blob | WebAssembly.Module;

/** A fault without its prototype: errors lose their class and their fields on the way out of a worker. */
export interface ErrorView {
  readonly name: string;
  readonly message: string;
  readonly code?: string;
  /** Leads to the offending value in the scenario: `servers.github.policy.allow-only.repos[1]`. */
  readonly path?: string;
  /** The server whose policy or guard is at fault, when known. */
  readonly server?: string;
  readonly phase?: string;
}

/** An item of a response, without its data, which {@link TextRequest} fetches. */
export interface ItemView extends Omit<JudgedItem, "data"> {
  /** A line for people, taken from the data: a title, a name, a message. Empty when there is none. */
  readonly title: string;
  /** Who made it, when the data says so. */
  readonly author: string;
}

/** One question of the guard to its backend. */
export interface QuestionView {
  readonly server: string;
  readonly tool: string;
  readonly args: unknown;
  readonly result?: unknown;
  readonly error?: ErrorView;
  readonly milliseconds: number;
  readonly used: boolean;
}

/** One phase of the pipeline, its events summed up. */
export interface PhaseView extends Omit<PhaseTrace, "events"> {
  readonly questions: number;
  /** How often the guest ran in this phase; 0 when it did not. */
  readonly runs: number;
  /** What the guard burned in this phase; absent when it did not run. */
  readonly fuel?: number;
}

/** One call of the scenario as the element shows it. Bounded in size however large the result is. */
export interface CallView extends Pick<PreviewCall, "index" | "server" | "tool" | "args" | "mismatches"> {
  readonly status: OutcomeStatus;
  readonly error?: ErrorView;
  readonly violation?: Violation;
  readonly notice?: Notice;
  readonly agent: PreviewCall["outcome"]["agent"];
  readonly mode?: Mode;
  readonly phases: readonly PhaseView[];
  readonly questions: readonly QuestionView[];
  /** The first lines of the guard's log; {@link CallView.logLines} counts all. */
  readonly log: readonly LogEntry[];
  readonly logLines: number;
  readonly counts: ItemCounts;
  /** The first items; more through {@link ItemsRequest}. */
  readonly items: readonly ItemView[];
}

export interface ItemCounts {
  readonly items: number;
  readonly hidden: number;
  /** How many break each rule; an item that breaks both counts under both. */
  readonly secrecy: number;
  readonly integrity: number;
}

/** What a scenario came to, cut down to what a page shows at once. The whole report stays in the worker. */
export interface PreviewView {
  readonly title: string;
  readonly modes: { readonly [server: string]: Mode };
  readonly calls: readonly CallView[];
  readonly missingAnswers: readonly { readonly server: string; readonly tool: string; readonly args: unknown }[];
  readonly passed: boolean;
  readonly agent: PreviewCall["outcome"]["agent"];
  /** SHA-256 of each guard that was loaded, in hexadecimal, by the name that the scenario gives it. */
  readonly digests: { readonly [guard: string]: string };
  /** Where the agent's tags came from, and what they caused. */
  readonly provenance: Provenance;
  /** How long the evaluation took, in milliseconds. */
  readonly milliseconds: number;
}

/** A guard's file as it is before it runs. */
export interface GuardInspection extends GuardReport {
  /** Hexadecimal; empty where the page is no secure context. */
  readonly sha256: string;
}

/** Text of a part of the report, cut at a limit. */
export interface TextView {
  readonly text: string;
  /** Characters that were left out. */
  readonly omitted: number;
}

/** Which items a list shows. */
export type ItemFilter = "all" | "hidden" | "visible";

/** A run of a call's items under a filter and a search. */
export interface ItemsView {
  readonly items: readonly ItemView[];
  /** How many there are under the filter and the search. */
  readonly total: number;
}

/** What the backend returned, or what the agent gets. */
export type Side = "backend" | "agent";

/**
 * A part of a result. `result`: one that is no MCP result; `text`, `structured`: an MCP result's; `notice`: what the monitor wrote;
 * `other`: blocks that are not text, and what stands beside the content.
 */
export type PartKind = "result" | "text" | "structured" | "notice" | "other";

export interface PartView {
  readonly kind: PartKind;
  readonly label: string;
  /** Of the text as it stands in the result, or of the value as JSON. */
  readonly characters: number;
  readonly root: NodeView;
}

/** A line of a JSON tree: a value, or a run of the members of one that has many. */
export interface NodeView {
  readonly key: string;
  readonly pointer: string;
  readonly type: "object" | "array" | "string" | "number" | "boolean" | "null";
  readonly preview: string;
  /** Whether the preview is only the beginning of a text. */
  readonly cut: boolean;
  /** How many members it has. */
  readonly size: number;
  /** For a run: the positions of its members, the end excluded. */
  readonly run?: readonly [from: number, to: number];
  /** When the value is an item of the response: what became of it. */
  readonly item?: Pick<JudgedItem, "index" | "visible" | "violations" | "reason" | "secrecy" | "integrity">;
}

/** Where a text was found: the first places, in order, and how many there are. */
export interface FindView {
  readonly total: number;
  readonly hits: readonly { readonly part: number; readonly pointer: string; readonly positions: readonly number[] }[];
}

/** A guard under the name that scenarios give it; `"*"` stands for every name. */
export interface GuardEntry {
  readonly name: string;
  readonly source: PreviewGuardSource;
}

/** The same on its way to a worker: a source travels once per worker, later only its number does. */
export interface GuardOnWire {
  readonly name: string;
  readonly key: number;
  readonly source?: PreviewGuardSource;
}

export interface RunRequest<Entry = GuardEntry> {
  readonly type: "run";
  readonly scenario: unknown;
  readonly guards: readonly Entry[];
  readonly backendDelayMs: number;
}

/** On the wire the calls, which hold the results and rarely change, travel once: `sameCalls` stands for those of the run before. */
export interface RunOnWire extends RunRequest<GuardOnWire> {
  readonly sameCalls: boolean;
  /** How long a guard may be busy, in milliseconds. */
  readonly deadlineMs: number;
}

export interface ItemsRequest {
  readonly type: "items";
  readonly call: number;
  readonly filter: ItemFilter;
  /** Items that hold every word of it in their data, description or labels. */
  readonly search: string;
  readonly from: number;
  readonly count: number;
}
export interface TextRequest {
  readonly type: "text";
  readonly call: number;
  /** One item's data, a side's whole result, or a part of it as it stands there. */
  readonly part: number | Side | readonly [side: Side, part: number, pointer?: string];
}
export interface PartsRequest {
  readonly type: "parts";
  readonly call: number;
  readonly side: Side;
}
export interface NodesRequest {
  readonly type: "nodes";
  readonly call: number;
  readonly side: Side;
  readonly part: number;
  readonly pointer: string;
  readonly run?: readonly [from: number, to: number] | undefined;
}
export interface FindRequest {
  readonly type: "find";
  readonly call: number;
  readonly side: Side;
  readonly text: string;
}
/** What would show these items, or allow these calls. */
export interface SuggestRequest {
  readonly type: "suggest";
  readonly targets: readonly Target[];
}
/** The last scenario, with what came of it as its expectations. */
export interface RecordRequest {
  readonly type: "record";
}
/** The last scenario in every mode. */
export interface ModesRequest {
  readonly type: "modes";
}
/** The last scenario under other policies. */
export interface CompareRequest {
  readonly type: "compare";
  readonly policies: { readonly [server: string]: unknown };
}
/** What can still be read and written, before the first call of the last scenario and after each. */
export interface ReachRequest extends Pick<ReachOptions, "probes" | "agent"> {
  readonly type: "reach";
}
/** Which of a server's tools its guard knows. */
export interface CoverageRequest {
  readonly type: "coverage";
  readonly server: string;
  readonly tools: readonly ToolDescription[];
}
export interface InspectRequest {
  readonly type: "inspect";
  readonly source: PreviewGuardSource;
}

/** What a change does to one call. */
export interface CallEffectView extends Omit<CallEffect, "shown" | "hidden"> {
  readonly shown: EffectItems;
  readonly hidden: EffectItems;
}

/** How many items, and a line about each of the first. */
export interface EffectItems {
  readonly count: number;
  readonly first: readonly { readonly index: number; readonly title: string }[];
}

/** {@link Effect}, bounded in size. */
export interface EffectView extends Omit<Effect, "calls"> {
  /** In how many calls something differs; the first of them are in `calls`. */
  readonly differing: number;
  readonly calls: readonly CallEffectView[];
}

/** A policy change that would show or allow what was asked about, and everything else that it does. */
export interface ChangeView extends Omit<PolicyChange, "effect"> {
  readonly effect: EffectView;
}

/** A policy to put in place of a server's. */
export interface PolicyApplication {
  readonly server: string;
  readonly policy: unknown;
}

export interface SuggestionsView extends Pick<Suggestions, "tried" | "complete"> {
  readonly changes: readonly ChangeView[];
}

/** A tag of one of the two labels. */
export type TagRef = Pick<TagHistory, "kind" | "tag">;

/** How far something is that takes long: a guard's download in bytes, a comparison in evaluations. */
export interface Progress extends Omit<LoadProgress, "phase"> {
  readonly phase: LoadProgress["phase"] | "evaluate";
  /** The guard that is loaded. */
  readonly guard?: string;
}

/** What the page asks, and what it gets. */
export interface Exchange {
  run: [RunRequest, PreviewView];
  items: [ItemsRequest, ItemsView];
  text: [TextRequest, TextView];
  parts: [PartsRequest, readonly PartView[]];
  nodes: [NodesRequest, readonly NodeView[]];
  find: [FindRequest, FindView];
  suggest: [SuggestRequest, SuggestionsView];
  modes: [ModesRequest, Omit<ModeComparison, "reports">];
  compare: [CompareRequest, EffectView];
  reach: [ReachRequest, Reach];
  coverage: [CoverageRequest, CoverageReport];
  record: [RecordRequest, Scenario];
  inspect: [InspectRequest, GuardInspection];
}
export type Request = Exchange[keyof Exchange][0];
export type RequestOnWire = Exclude<Request, RunRequest> | RunOnWire;

export type ToWorker =
  | { readonly type: "ask"; readonly id: number; readonly request: RequestOnWire }
  | { readonly type: "cancel"; readonly id: number }
  | { readonly type: "ping" };
export type FromWorker =
  | { readonly type: "alive" }
  | { readonly type: "progress"; readonly id: number; readonly progress: Progress }
  | { readonly type: "answer"; readonly id: number; readonly value: unknown }
  | { readonly type: "failure"; readonly id: number; readonly errors: readonly ErrorView[] };

export type { LogEntry, Mismatch, Mode, ModeComparison, Provenance, TagHistory };
