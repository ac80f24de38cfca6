// The subset law with the wildcard, and what is missing for it to hold (difc.md, Flows).
import type { Labels, Tag } from "./labels.ts";

/** The tag that, on the superset side of a flow, makes the check pass. */
export const WILDCARD: Tag = "*";

const NONE: readonly Tag[] = Object.freeze([]);
const FEW = 8;

/** The distinct tags of `inner` that `outer` lacks; empty when `outer` holds the wildcard. */
export function missingTags(inner: readonly Tag[], outer: readonly Tag[]): readonly Tag[] {
  if (inner.length === 0 || outer.includes(WILDCARD)) return NONE;
  const known = outer.length > FEW ? new Set(outer) : undefined;
  const missing: Tag[] = [];
  for (const tag of inner) {
    if (known === undefined ? !outer.includes(tag) : !known.has(tag)) missing.push(tag);
  }
  return missing.length > 1 ? [...new Set(missing)] : missing;
}

/** What stands in the way of a flow: both are empty when it is allowed. */
export interface FlowGap {
  readonly secrecy: readonly Tag[];
  readonly integrity: readonly Tag[];
}

/** Tells whether a read leaves no gap, without making lists of what is missing. */
export function isReadable(agent: Labels, resource: Labels): boolean {
  return isCovered(resource.secrecy, agent.secrecy) && isCovered(agent.integrity, resource.integrity);
}

function isCovered(inner: readonly Tag[], outer: readonly Tag[]): boolean {
  if (inner.length > FEW && outer.length > FEW) return missingTags(inner, outer).length === 0;
  for (const tag of inner) if (!outer.includes(tag)) return outer.includes(WILDCARD);
  return true;
}

/** A read: resource secrecy that the agent is not cleared for, agent integrity that the resource does not have. */
export function readGap(agent: Labels, resource: Labels): FlowGap {
  return {
    secrecy: missingTags(resource.secrecy, agent.secrecy),
    integrity: missingTags(agent.integrity, resource.integrity),
  };
}

/** A write: agent secrecy that the resource must not receive, resource integrity that the agent does not have. */
export function writeGap(agent: Labels, resource: Labels): FlowGap {
  return {
    secrecy: missingTags(agent.secrecy, resource.secrecy),
    integrity: missingTags(resource.integrity, agent.integrity),
  };
}
