// JSON of any size, read piece by piece: the members of a value in runs of at most a hundred, and a search. Runs in the worker.
import { itemTitle } from "./describe-item.ts";
import type { FindView, NodeView } from "./protocol.ts";
import { pointerTo, type ResultPart } from "./result-parts.ts";

/** A value with more members shows runs of members first. */
const membersAtOnce = 100;
const previewLength = 160;
const hitsAtMost = 1000;
/** Nobody reads on below; a tree that deep is an attack. */
const depthAtMost = 400;

type Container = { readonly [key: string]: unknown } | readonly unknown[];

function isContainer(value: unknown): value is Container {
  return typeof value === "object" && value !== null;
}

function keysOf(value: Container): readonly string[] | undefined {
  return Array.isArray(value) ? undefined : Object.keys(value);
}

function short(text: string): string {
  return text.length > previewLength ? `${text.slice(0, previewLength)}…`.toWellFormed() : text.toWellFormed();
}

/** What tells one object from the next: its title, else its first scalar members. */
function summary(value: Container): string {
  const title = Array.isArray(value) ? "" : itemTitle(value);
  if (title !== "") return title;
  const entries = Array.isArray(value) ? [] : Object.entries(value).slice(0, 12);
  const told = entries.filter(([, inner]) => !isContainer(inner)).slice(0, 4);
  return short(told.map(([key, inner]) => `${key}: ${JSON.stringify(inner)}`).join(", "));
}

function typeOf(value: unknown): NodeView["type"] {
  if (value === null || value === undefined) return "null";
  if (Array.isArray(value)) return "array";
  return typeof value as NodeView["type"];
}

function itemAt({ items }: ResultPart, pointer: string): NodeView["item"] {
  if (items === undefined || !pointer.startsWith(items.pointer)) return undefined;
  const rest = pointer.slice(items.pointer.length);
  const at = rest === "" && items.judged.length === 1 ? 0 : /^\/(\d+)$/.exec(rest)?.[1];
  // Where the only item is the whole value, its members are no items.
  if (at === undefined) return undefined;
  const found = items.judged[Number(at)];
  if (found === undefined) return undefined;
  const { index, visible, violations, reason, secrecy, integrity } = found;
  return { index, visible, violations, reason, secrecy, integrity };
}

/** One value as a line of the tree. */
export function nodeOf(part: ResultPart, pointer: string, key: string, value: unknown): NodeView {
  const item = itemAt(part, pointer);
  const size = isContainer(value) ? (keysOf(value) ?? (value as readonly unknown[])).length : 0;
  const whole = isContainer(value) ? "" : (JSON.stringify(value) ?? "null");
  const preview = isContainer(value) ? summary(value) : short(whole);
  return { key, pointer, type: typeOf(value), preview, cut: whole.length > previewLength, size, ...(item && { item }) };
}

/** The value that a JSON Pointer leads to. */
export function valueAt(value: unknown, pointer: string): unknown {
  let found = value;
  for (const segment of pointer.split("/").slice(1)) {
    const key = segment.replaceAll("~1", "/").replaceAll("~0", "~");
    if (!isContainer(found) || !Object.hasOwn(found, key))
      throw new RangeError(`Reading a part of the result: nothing stands at "${pointer}"`);
    found = (found as { readonly [key: string]: unknown })[key];
  }
  return found;
}

/** How many members one run holds, so that no level of the tree shows more than a hundred lines. */
function runLength(count: number): number {
  let length = 1;
  while (count / length > membersAtOnce) length *= membersAtOnce;
  return length;
}

/** The members of a value between two positions, or the runs that they fall into. */
export function childrenOf(part: ResultPart, pointer: string, from = 0, to?: number): readonly NodeView[] {
  const value = valueAt(part.value, pointer);
  if (!isContainer(value)) return [];
  const keys = keysOf(value);
  const end = Math.min(to ?? Number.POSITIVE_INFINITY, (keys ?? (value as readonly unknown[])).length);
  const length = runLength(end - from);
  const nodes: NodeView[] = [];
  for (let at = from; at < end; at += length) {
    const last = Math.min(at + length, end);
    const key = keys?.[at] ?? String(at);
    if (length === 1) {
      nodes.push(nodeOf(part, pointerTo(pointer, key), key, (value as { readonly [key: string]: unknown })[key]));
      continue;
    }
    const name = `${key} … ${keys?.[last - 1] ?? last - 1}`;
    nodes.push({ key: name, pointer, type: typeOf(value), preview: "", cut: false, size: last - at, run: [at, last] });
  }
  return nodes;
}

interface Place {
  readonly parent: Place | undefined;
  readonly key: string | number;
  /** Its position among the members of its parent. */
  readonly position: number;
  readonly depth: number;
  readonly value: unknown;
}

function toHit(part: number, place: Place): FindView["hits"][number] {
  const chain: Place[] = [];
  for (let at: Place | undefined = place; at?.parent !== undefined; at = at.parent) chain.unshift(at);
  const pointer = chain.reduce((path, { key }) => pointerTo(path, key), "");
  return { part, pointer, positions: chain.map(({ position }) => position) };
}

/** Every place where a key or a scalar holds the text, in any case, in the order of the result. */
export function find(parts: readonly ResultPart[], text: string): FindView {
  const wanted = text.toLowerCase();
  const holds = (found: unknown) => String(found).toLowerCase().includes(wanted);
  const hits: FindView["hits"][number][] = [];
  let total = 0;
  for (const [part, { value }] of parts.entries()) {
    // A stack of its own: results may be nested deeper than the engine's.
    const open: Place[] = [{ parent: undefined, key: 0, position: 0, depth: 0, value }];
    for (let at = open.pop(); at !== undefined; at = open.pop()) {
      const found = at.value;
      if ((typeof at.key === "string" && holds(at.key)) || (!isContainer(found) && holds(found))) {
        total++;
        if (hits.length < hitsAtMost) hits.push(toHit(part, at));
      }
      if (!isContainer(found) || at.depth >= depthAtMost) continue;
      const keys = keysOf(found);
      for (let position = (keys ?? (found as readonly unknown[])).length - 1; position >= 0; position--) {
        const key = keys?.[position] ?? position;
        const inner = (found as { readonly [key: string]: unknown })[key];
        open.push({ parent: at, key, position, depth: at.depth + 1, value: inner });
      }
    }
  }
  return { total, hits };
}
