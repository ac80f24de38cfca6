// What somebody was working on, kept in this browser alone until they start afresh. A browser that keeps nothing is no fault.
import { createStore, del, get, set, type UseStore } from "idb-keyval";
import { isScenario, type Scenario } from "../scenario.ts";

/** Work in progress. */
export interface Draft {
  readonly scenario: Scenario;
  /** The gallery's scenario that it began as; empty when it came from elsewhere. */
  readonly selected: string;
  /** When it was kept, in milliseconds since 1970. */
  readonly at: number;
}

const key = "draft";
let opened: UseStore | undefined;
const store = (): UseStore => {
  opened ??= createStore("edge-guard-playground", "work");
  return opened;
};

/** Keeps a draft in the place of the one before. Resolves to whether it is kept. */
export async function keepDraft(draft: Draft): Promise<boolean> {
  try {
    await set(key, draft, store());
    return true;
  } catch {
    return false;
  }
}

/** The kept draft, if there is one that can be read. */
export async function readDraft(): Promise<Draft | undefined> {
  try {
    const found: Partial<Draft> | undefined = await get(key, store());
    const { scenario, selected = "", at = 0 } = found ?? {};
    return isScenario(scenario) ? { scenario, selected: String(selected), at: Number(at) } : undefined;
  } catch {
    return undefined;
  }
}

export async function forgetDraft(): Promise<void> {
  try {
    await del(key, store());
  } catch {
    // Then there was none.
  }
}
