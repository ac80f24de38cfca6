// How a guard's call_backend reaches a server: the one interface that every transport and every wrapper has.

/** What accompanies one question. A wrapper hands it on as it is: `signal` is made when it is first read, and a copy by spreading has none. */
export interface AskOptions {
  /** Fires when nobody waits for the answer any more; a transport stops its work then. */
  readonly signal?: AbortSignal | undefined;
  /**
   * The same without a signal: calls back, once, when nobody waits any more; gives the function that withdraws it. A signal is dear to
   * make and to listen to, so a backend that need not hand one on uses this where it is there.
   */
  readonly subscribe?: ((listener: (reason: unknown) => void) => () => void) | undefined;
}

/**
 * A backend answers a guard's questions: the tools of an MCP server, read-only by intent (guard-abi.md, call_backend).
 * `callTool` returns the MCP tool result as a JSON value, throws or rejects when there is none.
 */
export interface Backend {
  /** For events and error messages. */
  readonly name: string;
  /** True when `callTool` never returns a promise: then no checkpoint is taken and nothing is awaited. Default: false. */
  readonly synchronous?: boolean;
  /** False when asking in vain hurts (a metered API): replay then asks one question at a time. Default: true. */
  readonly speculate?: boolean;
  callTool(tool: string, args: unknown, options?: AskOptions): unknown | Promise<unknown>;
  /** Releases connections. Absent: nothing to release. */
  close?(): void | Promise<void>;
}
