// The words of information flow control: tags, labels, modes, operations, and what a guard says in them (difc.md, guard-abi.md).

/** One tag, opaque to the monitor. `*` is the wildcard (difc.md, Flows). */
export type Tag = string;

/** A secrecy label (empty: public) and an integrity label (empty: untrusted), each a set of tags without duplicates. */
export interface Labels {
  readonly secrecy: readonly Tag[];
  readonly integrity: readonly Tag[];
}

/** How a session treats a read that fails (difc.md, Modes). */
export type Mode = "strict" | "filter" | "propagate";

/** What a tool call does to its resource. */
export type Operation = "read" | "write" | "read-write";

/** What `label_agent` answers. */
export interface AgentLabels {
  readonly agent: Labels;
  readonly mode: Mode;
  /** The policy as the guard understood it, when it says so. */
  readonly normalizedPolicy?: unknown;
}

/** What `label_resource` answers. */
export interface ResourceLabels extends Labels {
  readonly description: string;
  readonly operation: Operation;
}

/** The labels of one item of a response. */
export interface ItemLabels extends Labels {
  readonly description?: string;
}

/** What `label_response` answers in the preferred format: labels by JSON Pointer. */
export interface PathResponseLabels {
  /** An entry without labels leaves its item to the resource's labels. */
  readonly labeledPaths: readonly { readonly path: string; readonly labels?: ItemLabels }[];
  readonly defaultLabels?: ItemLabels;
  /** JSON Pointer (RFC 6901) to the array of items; absent, `""` and `"/"` mean the root. */
  readonly itemsPath?: string;
}

/** What `label_response` answers in the legacy format: copies of the data with labels. Never empty. */
export interface LegacyResponseLabels {
  /** An item without labels takes the resource's labels. */
  readonly items: readonly { readonly data: unknown; readonly labels?: ItemLabels }[];
}

/** What `label_response` answers; `null` stands for "no fine-grained labels". */
export type ResponseLabels = PathResponseLabels | LegacyResponseLabels;
