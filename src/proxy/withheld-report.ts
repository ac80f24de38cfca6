// A report for people: what was withheld from whom, and the smallest change of a policy that would have let each item through.
import type { Tag } from "../difc/labels.ts";
import { tagNames } from "../difc/text.ts";
import type { MonitorEvent } from "../monitor/events.ts";
import type { Outcome, RemovedItem } from "../monitor/outcome.ts";
import type { ProxyEvent } from "./events.ts";

/** What was withheld for one reason. */
export interface WithheldEntry {
  readonly server: string;
  readonly tool: string;
  readonly violations: readonly ("secrecy" | "integrity")[];
  readonly items: number;
  /** The smallest change, in the policy's own words where the tags are levels and scopes. */
  readonly change: string;
}

export interface WithheldReport {
  readonly onEvent: (event: ProxyEvent | MonitorEvent) => void;
  /** The most frequent first. Names private things: for operators, not for agents. */
  entries(): readonly WithheldEntry[];
  text(): string;
  clear(): void;
}

const LEVELS = ["merged", "approved", "unapproved", "none"];

/**
 * Collects what `onEvent` of the proxy or of the monitor tells. Keeps at most `max` different entries. The changes are read from tags and not
 * tried; `recordingMonitor` and `suggestChanges` of `edge-guard/analysis` try them on what really happened.
 */
export function withheldReport({ max = 1000 }: { readonly max?: number } = {}): WithheldReport {
  const counted = new Map<string, WithheldEntry>();
  const count = (entry: Omit<WithheldEntry, "items">): void => {
    const key = JSON.stringify(entry);
    const known = counted.get(key);
    if (known === undefined && counted.size >= max) return;
    counted.set(key, { ...entry, items: (known?.items ?? 0) + 1 });
  };
  const entries = (): WithheldEntry[] => [...counted.values()].sort((a, b) => b.items - a.items);
  return {
    onEvent(event) {
      if (event.type !== "outcome") return;
      const { server, tool, outcome } = event;
      for (const item of outcome.removed) {
        count({
          server,
          tool,
          violations: item.violations,
          change: changeFor(item, outcome),
        });
      }
      if (outcome.violation !== undefined && outcome.removed.length === 0) {
        const { kind, missing } = outcome.violation;
        count({
          server,
          tool,
          violations: [kind],
          change: deniedChange(kind, missing, outcome),
        });
      }
    },
    entries,
    text() {
      const lines = entries().map(({ server, tool, items, violations, change }) => {
        return `${items} × ${tool} on ${server} (${violations.join(" and ")}): ${change}`;
      });
      return lines.length === 0 ? "Nothing was withheld" : lines.join("\n");
    },
    clear: () => counted.clear(),
  };
}

function changeFor(item: RemovedItem, { trace }: Outcome): string {
  const agent = trace[0]?.agent ?? { secrecy: [], integrity: [] };
  const changes: string[] = [];
  if (item.violations.includes("secrecy"))
    changes.push(clearance(item.secrecy.filter((tag) => !agent.secrecy.includes(tag))));
  if (item.violations.includes("integrity")) changes.push(lowering(item.integrity));
  return changes.join(", and ");
}

function deniedChange(kind: "secrecy" | "integrity", missing: readonly Tag[], { trace }: Outcome): string {
  const isWrite = trace[1]?.operation !== "read";
  if (!isWrite) return kind === "secrecy" ? clearance(missing) : lowering(trace[1]?.resource?.integrity ?? []);
  return kind === "secrecy"
    ? `let the sink accept ${tagNames(missing)}, or begin with an agent that has not read it`
    : `raise what the agent has to ${tagNames(missing)}: it read something of less integrity`;
}

/** Tags name the scope that the policy's `repos` would have to hold. */
function clearance(missing: readonly Tag[]): string {
  const scopes = missing.flatMap((tag) =>
    /^private:[\w-]+(\/[\w*-]+)?$/.test(tag) ? [tag.slice("private:".length)] : [],
  );
  if (scopes.length === 0) return `give clearance for ${tagNames(missing)}`;
  // A repository is less than all of its owner's.
  const narrow = scopes.filter((scope) => scope.includes("/"));
  const wanted = narrow.length > 0 ? narrow : scopes.map((scope) => `${scope}/*`);
  return `add ${wanted.map((scope) => `"${scope}"`).join(", ")} to "repos"`;
}

/** The highest level that the item has is the floor that would let it through. */
function lowering(integrity: readonly Tag[]): string {
  const has = (level: string): boolean =>
    integrity.some((tag) => tag === level || tag.startsWith(`${level}:`) || tag.startsWith(`integrity=${level};`));
  const level = LEVELS.find(has);
  if (level === undefined) return "nothing: its author is blocked, or it has no level at all";
  return `set "min-integrity" to "${level}" for its scope, or trust its author`;
}
