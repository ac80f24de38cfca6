// Tells what a pasted text or a dropped file is, and makes a scenario, or a part of one, of it.
import type { Scenario, ScenarioCall } from "../monitor/scenario.ts";
import type { GuardReport } from "../wasm/inspect.ts";
import type { ToolDescription } from "./coverage.ts";

/** What is wrong with a text, where, and how to mend it. */
export interface MaterialProblem {
  readonly message: string;
  /** In UTF-16 units from the beginning of the text. */
  readonly offset?: number;
  /** From 1. */
  readonly line?: number;
  readonly column?: number;
  /** `servers.github.policy.allow-only.repos[1]` */
  readonly path?: string;
}

interface Common {
  /** What was left out or may be meant otherwise. */
  readonly problems: readonly MaterialProblem[];
}

export type Material =
  | (Common & { readonly kind: "scenario"; readonly scenario: Scenario })
  | (Common & { readonly kind: "policy"; readonly policy: unknown })
  | (Common & { readonly kind: "tools"; readonly tools: readonly ToolDescription[]; readonly nextCursor?: string })
  | (Common & {
      readonly kind: "result";
      readonly shape: "rest" | "mcp";
      readonly result: unknown;
      readonly isError: boolean;
    })
  | (Common & {
      readonly kind: "log";
      readonly format: "gateway" | "edge-guard";
      readonly calls: readonly ScenarioCall[];
      readonly lines: number;
      readonly filtered: number;
    })
  | (Common & {
      readonly kind: "guard";
      readonly bytes: Uint8Array;
      readonly sha256: string;
      readonly report: GuardReport;
    })
  | (Common & { readonly kind: "link"; readonly scenario: Scenario })
  | (Common & { readonly kind: "unknown" });
