// What one monitored tool call came to: the decision, what the agent may see, and how it was reached.
import type { RemovedItem } from "../difc/check-items.ts";
import type { Evaluation } from "../difc/evaluate.ts";
import type { Labels, Mode, Operation, Tag } from "../difc/labels.ts";
import type { Notice } from "../difc/notice.ts";
import type { GuardEvent, LogEntry } from "../guard/events.ts";

export type { Notice, RemovedItem };

export type OutcomeStatus = "allowed" | "filtered" | "denied" | "failed";

/** Every item of the response with what became of it, for the preview and the playground. */
export interface JudgedItem extends RemovedItem {
  readonly visible: boolean;
  /** The item itself; JSON, shared with the result, not to be changed. */
  readonly data: unknown;
  /** JSON Pointer from what was labelled to the item; `""` for the whole. Absent for what has no place of its own: copies, content without labels. */
  readonly pointer?: string;
}

/** How a response was labelled, for the preview and the analysis. */
export interface Labelling {
  /** `array`: elements of the array at `path`; `single`: the whole is the one item; `legacy`: copies that the guard made; `none`: the resource's labels stand for the whole. */
  readonly kind: "array" | "single" | "legacy" | "none";
  /** JSON Pointer from what was labelled to the array of items. */
  readonly path: string;
  /** Where in the tool result the data was: in the result itself, in its text, in `structuredContent`, or nowhere as JSON. */
  readonly form: "bare" | "mcp-text" | "mcp-structured" | "mcp-opaque";
  /** What became of content that no item label covers; absent without such content. */
  readonly unlabelled?: "shown" | "hidden";
}

/** Why a call was denied. */
export interface Violation {
  readonly kind: "secrecy" | "integrity";
  /** 2: the coarse check; 5: the items. */
  readonly phase: number;
  readonly reason: string;
  readonly missing: readonly Tag[];
}

/** One phase of the pipeline (difc.md, The pipeline of one tool call). */
export interface PhaseTrace {
  readonly phase: 0 | 1 | 2 | 3 | 4 | 5 | 6;
  readonly name: "agent" | "resource" | "coarse-check" | "backend" | "response" | "items" | "taint";
  /** `skipped`: not needed for this call; `failed`: the reason is the outcome's error. */
  readonly status: "ok" | "denied" | "failed" | "skipped";
  /** One sentence for people. */
  readonly summary: string;
  readonly milliseconds: number;
  /** The agent as a writer on this server: all secrecy that it may carry, the integrity that it has left. */
  readonly agent?: Labels;
  /** Phase 0: the agent as a reader on this server. */
  readonly reader?: Labels;
  /** Phase 0: what label_agent gave. */
  readonly granted?: Labels;
  readonly mode?: Mode;
  readonly operation?: Operation;
  readonly resource?: Labels & { readonly description: string };
  /** Phase 2: the coarse check. */
  readonly evaluation?: Evaluation;
  /** Phase 5: how many items there were, and how many were removed. */
  readonly items?: number;
  readonly removed?: number;
  /** What the guard's host reported during this phase: questions, sleeps, runs. */
  readonly events: readonly GuardEvent[];
}

export interface Outcome {
  readonly status: OutcomeStatus;
  /** What the agent may see, an MCP result; for `denied` and `failed` an `isError` result. */
  readonly result: unknown;
  /** `failed`: the guard's, the store's or the backend's fault; everything is withheld. */
  readonly error?: Error;
  readonly removed: readonly RemovedItem[];
  readonly violation?: Violation;
  readonly notice?: Notice;
  readonly agent: { readonly before: Labels; readonly after: Labels };
  readonly trace: readonly PhaseTrace[];
}

/** One call of a previewed scenario: the outcome, and beside it what only the preview may see. */
export interface PreviewCall {
  readonly index: number;
  readonly server: string;
  readonly tool: string;
  readonly args: unknown;
  readonly outcome: Outcome;
  /** What the backend returned, as the scenario gives it. */
  readonly backendResult: unknown;
  /** Every item; empty when the response was not looked at (a denied write, a fault before phase 5). */
  readonly items: readonly JudgedItem[];
  /** How the response was labelled; absent when it was not looked at. */
  readonly labelling?: Labelling;
  /** What the guard's label functions burned for this call, of a guard that counts: the same in every runtime. */
  readonly fuel?: number;
  /** The guard's log lines during this call. */
  readonly log: readonly LogEntry[];
  /** What the scenario expected and did not get; empty when all held or nothing was expected. */
  readonly mismatches: readonly Mismatch[];
}

/** One expectation that did not hold. */
export interface Mismatch {
  /** `calls[2].expect.kept` */
  readonly path: string;
  readonly expected: unknown;
  readonly actual: unknown;
}

/** A question to the backend that no entry of the scenario answers, in the form of an entry, so that it can be pasted in. */
export interface MissingAnswer {
  readonly server: string;
  readonly tool: string;
  readonly args: unknown;
}

/** What a scenario came to. */
export interface PreviewReport {
  readonly title: string;
  /** Mode in force per server, as far as known. */
  readonly modes: { readonly [server: string]: Mode };
  readonly calls: readonly PreviewCall[];
  readonly missingAnswers: readonly MissingAnswer[];
  /** True when every expectation held. */
  readonly passed: boolean;
  readonly agent: { readonly before: Labels; readonly after: Labels };
}
