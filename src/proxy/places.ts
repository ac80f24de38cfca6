// How many requests go on at a time: over all callers, and of one principal.
import type { ProxySettings } from "./options.ts";

/** One request that goes on. */
export interface Place {
  /** Ends the request. */
  readonly controller: AbortController;
  /** Called once nothing goes on any more; further calls change nothing. */
  release(): void;
}

export interface Places {
  /** `undefined` when there is none left. */
  take(principal: string): Place | undefined;
  abortAll(reason: Error): void;
}

export function createPlaces({ concurrency, concurrencyPerPrincipal }: ProxySettings["bounds"]): Places {
  const open = new Set<Place>();
  const perPrincipal = new Map<string, number>();
  return {
    take(principal) {
      const count = perPrincipal.get(principal) ?? 0;
      if (open.size >= concurrency || count >= concurrencyPerPrincipal) return undefined;
      perPrincipal.set(principal, count + 1);
      const place: Place = {
        controller: new AbortController(),
        release() {
          if (!open.delete(place)) return;
          const left = perPrincipal.get(principal)! - 1;
          if (left === 0) perPrincipal.delete(principal);
          else perPrincipal.set(principal, left);
        },
      };
      open.add(place);
      return place;
    },
    abortAll(reason) {
      for (const { controller } of open) controller.abort(reason);
    },
  };
}
