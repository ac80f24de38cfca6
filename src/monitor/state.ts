// What is known about an agent between calls, and how it may change: only towards more restriction, unless an operator says so.
import type { Labels, Tag } from "../difc/labels.ts";
import { StateError } from "../errors.ts";

/**
 * The state of one agent: JSON, so that any store can carry it. All fields but `set` only grow, or, for `kept`, only
 * shrink, so two states of one agent can be merged in any order.
 */
export interface AgentState {
  /** What an operator gave by `agents.set`. */
  readonly set: Labels;
  /** What `label_agent` gave, over all servers called so far. Its secrecy is what the agent may have read there. */
  readonly granted: Labels;
  /** Secrecy that reading in propagate mode brought. */
  readonly gained: readonly Tag[];
  /** The integrity that everything read so far has in common; `null` until something was read. */
  readonly kept: readonly Tag[] | null;
  /** Calls of limited tools so far, by {@link callKey}. */
  readonly calls: Readonly<Record<string, number>>;
}

/** What a change makes of a state: the next state, absent when it stays as it is, and a value for the caller. */
export interface StateChange<T> {
  readonly next?: AgentState | undefined;
  readonly value: T;
}

/**
 * Keeps agent states. `transact` runs `change` on the newest state (`emptyState` for an unknown key), stores `next` and
 * only then resolves: no other change to the same key may come in between. `change` is pure, so a store that finds a
 * conflict runs it again. A rejection withholds the call's result.
 */
export interface AgentStore {
  transact<T>(key: string, change: (state: AgentState) => StateChange<T>): Promise<T>;
  /** Forgets an agent. Absent: the state is replaced by the empty one. */
  delete?(key: string): Promise<void>;
}

const NO_LABELS: Labels = Object.freeze({ secrecy: Object.freeze([]), integrity: Object.freeze([]) });

/** The state of an agent that nobody has seen before. */
export const emptyState: AgentState = Object.freeze({
  set: NO_LABELS,
  granted: NO_LABELS,
  gained: Object.freeze([]),
  kept: null,
  calls: Object.freeze({}),
});

/** The key of a tool in {@link AgentState.calls}. */
export function callKey(server: string, tool: string): string {
  return JSON.stringify([server, tool]);
}

/** Both sets as one; `a` itself when `b` adds nothing. */
export function union(a: readonly Tag[], b: readonly Tag[]): readonly Tag[] {
  if (a === b || b.length === 0) return a;
  const all = new Set(a);
  const before = all.size;
  for (const tag of b) all.add(tag);
  return all.size === before ? a : [...all];
}

/** What both sets hold; `a` itself when nothing goes. `null` stands for every tag there is. */
export function intersection(a: readonly Tag[], b: readonly Tag[] | null): readonly Tag[] {
  if (b === null || a === b) return a;
  const wanted = new Set(b);
  const left = a.filter((tag) => wanted.has(tag));
  return left.length === a.length ? a : left;
}

/** The state after `label_agent` of a further server; the same object when it brings nothing new. */
export function grant(state: AgentState, labels: Labels): AgentState {
  const secrecy = union(state.granted.secrecy, labels.secrecy);
  const integrity = union(state.granted.integrity, labels.integrity);
  if (secrecy === state.granted.secrecy && integrity === state.granted.integrity) return state;
  return { ...state, granted: { secrecy, integrity } };
}

/** The state after the agent was shown something with these secrecy tags and this common integrity; the same object when nothing changes. */
export function restrict(state: AgentState, shown: ShownLabels): AgentState {
  const gained = union(state.gained, shown.secrecy);
  const kept =
    state.kept === null || shown.integrity === null
      ? (state.kept ?? shown.integrity)
      : intersection(state.kept, shown.integrity);
  if (gained === state.gained && kept === state.kept) return state;
  return { ...state, gained, kept };
}

/** What one response adds to an agent's history. */
export interface ShownLabels {
  readonly secrecy: readonly Tag[];
  /** `null` when nothing was shown that could lower integrity. */
  readonly integrity: readonly Tag[] | null;
}

/** The agent as one server sees it. */
export interface AgentView {
  /** For reads: the clearance that this server's policy gives, and the integrity that it asks for. */
  readonly reader: Labels;
  /** For writes: all secrecy that the agent may carry, and the integrity that it has left here. */
  readonly writer: Labels;
}

/** Puts a server's `label_agent` answer and the agent's history together (README.md, One agent, several servers). */
export function agentView(state: AgentState, labels: Labels, propagates: boolean): AgentView {
  const clearance = union(union(labels.secrecy, state.set.secrecy), state.gained);
  const floor = union(labels.integrity, state.set.integrity);
  const secrecy = union(clearance, state.granted.secrecy);
  const integrity = intersection(floor, state.kept);
  const writer: Labels = { secrecy, integrity };
  const wanted = propagates ? integrity : floor;
  return {
    reader: clearance === secrecy && wanted === integrity ? writer : { secrecy: clearance, integrity: wanted },
    writer,
  };
}

/** The labels of an agent over all servers. */
export function agentLabels(state: AgentState): Labels {
  return agentView(state, state.granted, true).writer;
}

/**
 * Reads a state that came from a store.
 *
 * @throws {StateError} when it is not one: an agent whose history is unreadable must not pass for one without a history
 */
export function checkState(state: unknown): AgentState {
  const { set, granted, gained, kept, calls } = (state ?? {}) as Partial<AgentState>;
  const isNumber = (value: unknown): boolean => Number.isSafeInteger(value) && (value as number) >= 0;
  if (
    !isLabels(set) ||
    !isLabels(granted) ||
    !isTags(gained) ||
    !(kept === null || isTags(kept)) ||
    typeof calls !== "object" ||
    calls === null ||
    !Object.values(calls).every(isNumber)
  ) {
    throw new StateError("Cannot read the agent's state: the store returned something that is not an agent's state");
  }
  return state as AgentState;
}

function isTags(value: unknown): value is readonly Tag[] {
  return Array.isArray(value) && value.every((tag) => typeof tag === "string");
}

function isLabels(value: unknown): value is Labels {
  return (
    typeof value === "object" &&
    value !== null &&
    isTags((value as Labels).secrecy) &&
    isTags((value as Labels).integrity)
  );
}
