// What the page and the frame that holds a live connection say to each other, over a port of their own.
import type { ToolDescription } from "edge-guard/analysis";

export interface ConnectRequest {
  readonly type: "connect";
  readonly address: string;
  /** The Authorization header's value; empty for none. */
  readonly authorization: string;
}
export interface CallRequest {
  readonly type: "call";
  readonly tool: string;
  readonly args: unknown;
}
export interface Connected {
  readonly name: string;
  readonly tools: readonly ToolDescription[];
}

export type ToLive = (ConnectRequest | CallRequest) & { readonly id: number };
export type FromLive =
  | { readonly id: number; readonly value: unknown }
  | { readonly id: number; readonly failure: string };

/** The page hands the port over with this message. */
export const portMessage = "edge-guard:live";
