// What the page and the preview worker say to each other, and what the element shows: types only, shared by both ends.
import type {
  GuardReport,
  JudgedItem,
  LogEntry,
  Mismatch,
  Mode,
  Notice,
  OutcomeStatus,
  PhaseTrace,
  PreviewCall,
  Violation,
} from "edge-guard";

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
}

export interface ItemsRequest {
  readonly type: "items";
  readonly call: number;
  readonly filter: ItemFilter;
  readonly from: number;
  readonly count: number;
}
export interface TextRequest {
  readonly type: "text";
  readonly call: number;
  /** The backend's result, the agent's, or one item's data. */
  readonly part: "backend" | "agent" | number;
}
export interface InspectRequest {
  readonly type: "inspect";
  readonly source: PreviewGuardSource;
}

/** What the page asks, and what it gets. */
export interface Exchange {
  run: [RunRequest, PreviewView];
  items: [ItemsRequest, readonly ItemView[]];
  text: [TextRequest, TextView];
  inspect: [InspectRequest, GuardInspection];
}
export type Request = Exchange[keyof Exchange][0];
export type RequestOnWire = Exclude<Request, RunRequest> | RunOnWire;

export type ToWorker =
  | { readonly type: "ask"; readonly id: number; readonly request: RequestOnWire }
  | { readonly type: "ping" };
export type FromWorker =
  | { readonly type: "alive" }
  | { readonly type: "answer"; readonly id: number; readonly value: unknown }
  | { readonly type: "failure"; readonly id: number; readonly errors: readonly ErrorView[] };

export type { LogEntry, Mismatch, Mode };
