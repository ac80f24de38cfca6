// Which tools of a server its guard knows, and where it and the server's own hints disagree.
import type { Labels, Operation } from "../difc/labels.ts";

/** A tool as tools/list describes it, as far as it matters here. */
export interface ToolDescription {
  readonly name: string;
  readonly title?: string;
  readonly description?: string;
  readonly inputSchema?: unknown;
  readonly annotations?: { readonly readOnlyHint?: boolean; readonly destructiveHint?: boolean };
}

/** Whether a response of one shape gets labels of its own. */
export interface ShapeCoverage {
  /** `rest`: an array, an object, or `{ total_count, items }` as GitHub's REST API has them; `mcp`: the same in an MCP result, in an envelope named after what it holds. */
  readonly shape: "rest" | "mcp";
  readonly labels: "items" | "whole" | "none" | "failed";
  readonly error?: string;
}

export interface ToolCoverage {
  readonly tool: string;
  /** What the guard says of a call with `args`; absent when it failed. */
  readonly operation?: Operation;
  readonly resource?: Labels & { readonly description: string };
  readonly error?: string;
  /** The arguments that were tried. */
  readonly args: unknown;
  /** `name`: it answers otherwise than for any made-up tool; `prefix`: as for every tool whose name begins so; `default`: as for a tool that does not exist. */
  readonly known: "name" | "prefix" | "default";
  /** The server's hint; absent when it gives none. */
  readonly readOnlyHint?: boolean;
  /** `guard-looser`: the guard takes for a read what the server says may change things; `guard-stricter`: the other way round. */
  readonly disagreement?: "guard-looser" | "guard-stricter";
  /** For reads. */
  readonly shapes: readonly ShapeCoverage[];
}

export interface CoverageReport {
  readonly tools: readonly ToolCoverage[];
  readonly counts: {
    readonly name: number;
    readonly prefix: number;
    readonly default: number;
    readonly disagreements: number;
    readonly failed: number;
  };
}
