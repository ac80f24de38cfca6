// What an agent becomes by what it was shown: secrecy only grows, integrity only shrinks (difc.md, Modes and decisions 2 and 7).
import { missingTags, WILDCARD } from "./flow.ts";
import type { Labels, Tag } from "./labels.ts";

/** The agent's labels after it was shown one thing: the same object when nothing changes. */
export function taint(agent: Labels, shown: Labels): Labels {
  return taintAll(agent, [shown]);
}

/**
 * The agent's labels after it was shown several things, one by one: secrecy by union, integrity by intersection.
 * A thing whose integrity holds `*` leaves integrity alone, and `*` is never added to secrecy. The same object when nothing changes.
 */
export function taintAll(agent: Labels, shown: readonly Labels[]): Labels {
  let secrecy: Set<Tag> | undefined;
  let integrity = agent.integrity;
  let last: Labels | undefined;
  for (const labels of shown) {
    if (last !== undefined && labels.secrecy === last.secrecy && labels.integrity === last.integrity) continue;
    last = labels;
    for (const tag of labels.secrecy) {
      if (tag === WILDCARD) continue;
      secrecy ??= new Set(agent.secrecy);
      secrecy.add(tag);
    }
    if (integrity.length > 0) {
      // Nothing is missing when the shown integrity holds `*`, as decision 7 wants it.
      const lost = new Set(missingTags(integrity, labels.integrity));
      if (lost.size > 0) integrity = integrity.filter((tag) => !lost.has(tag));
    }
  }
  const grown = secrecy !== undefined && secrecy.size > new Set(agent.secrecy).size;
  if (!grown && integrity === agent.integrity) return agent;
  return { secrecy: grown ? [...secrecy!] : agent.secrecy, integrity };
}

/** Tells whether two pairs of labels hold the same tags, in any order. */
export function sameLabels(a: Labels, b: Labels): boolean {
  return a === b || (sameTags(a.secrecy, b.secrecy) && sameTags(a.integrity, b.integrity));
}

/** Tags without surrounding white space, blank ones or repetitions, in order of first appearance (guard-abi.md: agent tags). */
export function normalizeTags(tags: readonly Tag[]): Tag[] {
  const seen = new Set<Tag>();
  for (const tag of tags) {
    const trimmed = tag.trim();
    if (trimmed !== "") seen.add(trimmed);
  }
  return [...seen];
}

function sameTags(a: readonly Tag[], b: readonly Tag[]): boolean {
  if (a === b) return true;
  const left = new Set(a);
  const right = new Set(b);
  return left.size === right.size && a.every((tag) => right.has(tag));
}
