// What an operator writes, as the rest of the library reads it (policy.md).

/** An integrity level, lowest first: `none` < `unapproved` < `approved` < `merged`. */
export type IntegrityLevel = "none" | "unapproved" | "approved" | "merged";

/** Reading is limited to some repositories and to a floor of integrity. Lists hold no value twice. */
export interface AllowOnlyPolicy {
  readonly kind: "allow-only";
  /** `"all"`, `"public"`, or scopes (`owner/repo`, `owner/*`, `owner/prefix*`), sorted. */
  readonly repos: "all" | "public" | readonly string[];
  readonly minIntegrity: IntegrityLevel;
  readonly blockedUsers?: readonly string[];
  readonly trustedUsers?: readonly string[];
  readonly approvalLabels?: readonly string[];
  readonly refusalLabels?: readonly string[];
  /** Upper-case, such as `THUMBS_UP`. */
  readonly endorsementReactions?: readonly string[];
  /** Upper-case, such as `THUMBS_DOWN`. */
  readonly disapprovalReactions?: readonly string[];
  readonly disapprovalIntegrity?: IntegrityLevel;
  readonly endorserMinIntegrity?: IntegrityLevel;
  readonly promotionLabel?: string;
  readonly demotionLabel?: string;
  /** Tool name to calls per session; 0 means no limit. For the host, never sent to a guard. */
  readonly toolCallLimits?: Readonly<Record<string, number>>;
  /** Stands beside `allow-only` in what an operator writes. */
  readonly trustedBots?: readonly string[];
}

/** An output channel: every call is a write. */
export interface WriteSinkPolicy {
  readonly kind: "write-sink";
  /** Tags that become the resource's secrecy: `["*"]` alone, or `[visibility:]scope`. */
  readonly accept: readonly string[];
  readonly sinkVisibility?: "public" | "private" | "internal";
}

/** A policy that `parsePolicy` found valid, normalised. */
export type Policy = AllowOnlyPolicy | WriteSinkPolicy;
