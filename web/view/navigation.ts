// Where the report leads: to a call, an item, a tag; shared by every part of it.
import { type Context, createContext } from "preact";
import { useContext } from "preact/hooks";
import type { PolicyApplication, TagRef } from "../protocol.ts";

/** A call, or an item of its response, to bring into view; a new object each time somebody asks for it. */
export interface Target {
  readonly call: number;
  readonly item?: number | undefined;
}

/** A tag to tell about, and the call where somebody asked. */
export interface AskedTag extends TagRef {
  readonly from?: number | undefined;
}

export interface Navigation {
  readonly target: Target | undefined;
  readonly tag: AskedTag | undefined;
  goTo(target: Target): void;
  /** Shows a tag's history, or puts it away. */
  showTag(tag: AskedTag | undefined): void;
  /** Puts a policy in place of a server's. */
  apply(change: PolicyApplication): void;
  /** Tells those who listen rather than look; the one live region says it. */
  announce(text: string): void;
}

const nowhere: Navigation = { target: undefined, tag: undefined, goTo() {}, showTag() {}, apply() {}, announce() {} };

export const NavigationContext: Context<Navigation> = createContext(nowhere);

export function useNavigation(): Navigation {
  return useContext(NavigationContext);
}
