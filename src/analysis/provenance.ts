// Where the tags of an agent come from: the call and item that brought each, or took it away, and what it decided later. Pure.
import { missingTags, readGap, WILDCARD, writeGap } from "../difc/flow.ts";
import type { Labels, Tag } from "../difc/labels.ts";
import type { JudgedItem, PreviewCall, PreviewReport } from "../monitor/outcome.ts";

export type LabelKind = "secrecy" | "integrity";

/** An item of a call's response. */
export interface ItemReference {
  readonly index: number;
  readonly description: string;
  /** JSON Pointer from what was labelled to the item; absent for content without a place of its own. */
  readonly pointer?: string;
}

/** What changed a label. */
export interface TagSource {
  /** Index of the call; -1: the scenario's agent had it before the first call. */
  readonly call: number;
  /** `agent`: the scenario's own words; `policy`: label_agent, in the first call of a server; `response`: what the call showed. */
  readonly by: "agent" | "policy" | "response";
  readonly server?: string;
  readonly tool?: string;
  /** `response`: the first items that did it; empty when it was content without items of its own, under the resource's labels. */
  readonly items: readonly ItemReference[];
  /** How many items did it, listed or not. */
  readonly count: number;
}

/** A decision that a tag had a part in. */
export interface TagConsequence {
  readonly call: number;
  readonly server: string;
  readonly tool: string;
  /**
   * `denied`: the call failed because of the tag; `hidden`: items were withheld because of it; `shown`: items were shown only because
   * the agent holds it.
   */
  readonly effect: "denied" | "hidden" | "shown";
  /** The first items; empty for a call that was denied as a whole. */
  readonly items: readonly ItemReference[];
  readonly count: number;
}

/** One tag over the whole session. */
export interface TagHistory {
  readonly kind: LabelKind;
  readonly tag: Tag;
  /** What put it into the agent's label; absent when it was never there. */
  readonly gained?: TagSource;
  /** Integrity: what took it away; for a tag that a policy gives and that never was in the label, what the agent had read before. */
  readonly lost?: TagSource;
  readonly consequences: readonly TagConsequence[];
}

/** The agent's labels at one point of the session. */
export interface LabelStep {
  /** After which call; -1: before the first. */
  readonly call: number;
  readonly labels: Labels;
  readonly gained: { readonly secrecy: readonly Tag[]; readonly integrity: readonly Tag[] };
  readonly lost: { readonly secrecy: readonly Tag[]; readonly integrity: readonly Tag[] };
}

export interface Provenance {
  /** Before the first call and after each. */
  readonly steps: readonly LabelStep[];
  /** Secrecy first, in order of appearance. */
  readonly tags: readonly TagHistory[];
}

const LISTED = 20;

interface Draft {
  readonly kind: LabelKind;
  readonly tag: Tag;
  gained?: TagSource;
  lost?: TagSource;
  readonly consequences: TagConsequence[];
}

/** Traces every tag of a session. */
export function traceTags(report: PreviewReport): Provenance {
  const drafts = new Map<string, Draft>();
  const draft = (kind: LabelKind, tag: Tag): Draft => {
    const key = `${kind} ${tag}`;
    const known = drafts.get(key);
    if (known !== undefined) return known;
    const made: Draft = { kind, tag, consequences: [] };
    drafts.set(key, made);
    return made;
  };
  const steps: LabelStep[] = [step(-1, { secrecy: [], integrity: [] }, report.agent.before)];
  const beginning: TagSource = { call: -1, by: "agent", items: [], count: 0 };
  for (const kind of KINDS) for (const tag of report.agent.before[kind]) draft(kind, tag).gained = beginning;

  for (const call of report.calls) {
    const { before, after } = call.outcome.agent;
    const last = steps.at(-1)!.labels;
    const policy: TagSource = { ...place(call), by: "policy", items: [], count: 0 };
    for (const kind of KINDS) {
      for (const tag of missingTags(before[kind], last[kind])) draft(kind, tag).gained ??= policy;
    }
    for (const consequence of consequencesOf(call)) {
      draft(consequence.kind, consequence.tag).consequences.push(consequence.what);
    }
    for (const tag of minus(after.secrecy, before.secrecy)) {
      const source = responseSource(call, (labels) => labels.secrecy.includes(tag));
      draft("secrecy", tag).gained ??= source;
    }
    for (const tag of minus(before.integrity, after.integrity)) {
      draft("integrity", tag).lost ??= responseSource(call, lacks(tag));
    }
    steps.push(step(call.index, last, after));
  }
  for (const found of drafts.values()) {
    if (found.kind === "integrity" && found.gained === undefined) explainAbsence(found, report);
  }
  const tags = [...drafts.values()].sort((a, b) => KINDS.indexOf(a.kind) - KINDS.indexOf(b.kind));
  return { steps, tags };
}

const KINDS: readonly LabelKind[] = ["secrecy", "integrity"];

function step(call: number, from: Labels, to: Labels): LabelStep {
  const change = (a: Labels, b: Labels) => ({
    secrecy: minus(a.secrecy, b.secrecy),
    integrity: minus(a.integrity, b.integrity),
  });
  return { call, labels: to, gained: change(to, from), lost: change(from, to) };
}

function place({ index, server, tool }: PreviewCall): Pick<TagSource, "call" | "server" | "tool"> {
  return { call: index, server, tool };
}

function minus(a: readonly Tag[], b: readonly Tag[]): readonly Tag[] {
  const known = new Set(b);
  return a.filter((tag) => !known.has(tag));
}

function lacks(tag: Tag): (labels: Labels) => boolean {
  return ({ integrity }) => !integrity.includes(tag) && !integrity.includes(WILDCARD);
}

/** The visible items to which something applies, as what changed a label. */
function responseSource(call: PreviewCall, applies: (labels: Labels) => boolean): TagSource {
  const found = references(call.items.filter((item) => item.visible && applies(item)));
  return { ...place(call), by: "response", ...found };
}

function references(items: readonly JudgedItem[]): { items: readonly ItemReference[]; count: number } {
  return { items: items.slice(0, LISTED).map(reference), count: items.length };
}

function reference({ index, description, pointer }: JudgedItem): ItemReference {
  return pointer === undefined ? { index, description } : { index, description, pointer };
}

interface Found {
  readonly kind: LabelKind;
  readonly tag: Tag;
  readonly what: TagConsequence;
}

function consequencesOf(call: PreviewCall): Found[] {
  const { outcome, index, server, tool } = call;
  const [opened, labelled, checked] = outcome.trace;
  const found: Found[] = [];
  const add = (kind: LabelKind, tag: Tag, effect: TagConsequence["effect"], items: readonly JudgedItem[]): void => {
    found.push({ kind, tag, what: { call: index, server, tool, effect, ...references(items) } });
  };
  const writer = opened?.agent;
  const reader = opened?.reader;
  const resource = labelled?.resource;
  if (checked?.status === "denied" && writer !== undefined && reader !== undefined && resource !== undefined) {
    const failedRead = labelled?.operation === "read-write" && isOpen(readGap(reader, resource));
    const gap = failedRead ? readGap(reader, resource) : writeGap(writer, resource);
    for (const kind of KINDS) for (const tag of gap[kind]) add(kind, tag, "denied", []);
    return found;
  }
  if (reader === undefined || call.labelling === undefined) return found;
  // By label, not by item: ten thousand items have few labels.
  const hidden = new Map<string, { readonly kind: LabelKind; readonly tag: Tag; readonly items: JudgedItem[] }>();
  const shown = new Map<string, { readonly kind: LabelKind; readonly tag: Tag; readonly items: JudgedItem[] }>();
  const note = (into: typeof hidden, kind: LabelKind, tag: Tag, item: JudgedItem): void => {
    const key = `${kind} ${tag}`;
    const known = into.get(key);
    if (known === undefined) into.set(key, { kind, tag, items: [item] });
    else known.items.push(item);
  };
  for (const item of call.items) {
    if (item.violations.length > 0 && !item.visible) {
      const gap = readGap(reader, item);
      // What hides an item for integrity is what the agent asks for; for secrecy, what it lacks is no tag of its own.
      for (const tag of gap.integrity) note(hidden, "integrity", tag, item);
    } else if (item.visible) {
      for (const tag of item.secrecy) if (reader.secrecy.includes(tag)) note(shown, "secrecy", tag, item);
    }
  }
  const denied = outcome.status === "denied";
  for (const { kind, tag, items } of hidden.values()) add(kind, tag, denied ? "denied" : "hidden", items);
  for (const { kind, tag, items } of shown.values()) add(kind, tag, "shown", items);
  return found;
}

function isOpen({ secrecy, integrity }: Labels): boolean {
  return secrecy.length > 0 || integrity.length > 0;
}

/** An integrity tag that a policy gives, and that the agent never had: what it read before that policy came keeps it out. */
function explainAbsence(found: Draft, { calls }: PreviewReport): void {
  const granting = calls.find(({ outcome }) => outcome.trace[0]?.granted?.integrity.includes(found.tag));
  if (granting === undefined) return;
  for (const call of calls.slice(0, granting.index)) {
    const source = responseSource(call, lacks(found.tag));
    if (source.count === 0) continue;
    found.lost = source;
    return;
  }
}
