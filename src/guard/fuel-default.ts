// Whether guards count what they burn when nobody says so: a question of what else could end one that runs away.
import { endsWorkers, isPage } from "../capabilities.ts";

/** What a runtime can do about a guard that computes without end. */
export interface Capabilities {
  /** This is a page's own thread: while a guard computes on it, the page is frozen. */
  readonly page: boolean;
  /** Ending a worker ends a WebAssembly loop in it at once. */
  readonly endsWorkers: boolean;
}

/** Looks at this runtime. */
export const readCapabilities = (): Capabilities => ({ page: isPage(), endsWorkers: endsWorkers() });

/**
 * Whether a guard counts by default: where nothing else could end it. In a worker of its own, unless ending that ends the guard at once.
 * On this thread: on a page, wherever this may itself be a thread that cannot be ended, and whenever a budget or a deadline
 * was asked for, which nothing else could hold. So it is not in Node, with neither of them: a process can be ended from outside.
 */
export function countsByDefault(
  { page, endsWorkers }: Capabilities,
  guard: {
    /** It gets a worker of its own. */
    readonly inWorker: boolean;
    /** `limits.fuel` is set. */
    readonly budget: boolean;
    /** `limits.timeoutMs` is set. */
    readonly deadline: boolean;
  },
): boolean {
  if (guard.budget || !endsWorkers) return true;
  return !guard.inWorker && (page || guard.deadline);
}
