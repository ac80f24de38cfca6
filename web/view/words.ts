// Outcomes in words: the badge of a call, and the one sentence that a screen reader hears.
import type { CallView, PreviewView } from "../protocol.ts";

export const outcomeNames = { allowed: "Allowed", filtered: "Filtered", denied: "Denied", failed: "Failed" } as const;

/** A count with its noun: `1 item`, `1,200 items`. */
export function plural(count: number, one: string, many = `${one}s`): string {
  return `${count.toLocaleString("en")} ${count === 1 ? one : many}`;
}

/** A size in bytes as people read it. */
export function kilobytes(bytes: number): string {
  return bytes < 10_240 ? plural(bytes, "byte") : `${Math.round(bytes / 1024).toLocaleString("en")} KB`;
}

/** A short duration as people read it. */
export function duration(milliseconds: number): string {
  return `${milliseconds < 10 ? milliseconds.toFixed(1) : Math.round(milliseconds)} ms`;
}

/** Which rules hid items, in words: `integrity`, `secrecy`, `secrecy and integrity`. */
export function hiddenBy({ counts }: CallView): string {
  const rules = (["secrecy", "integrity"] as const).filter((rule) => counts[rule] > 0);
  return rules.join(" and ");
}

/** The outcome of a call as a short phrase: `2 of 4 items hidden: integrity`. */
export function outcomeText(call: CallView): string {
  const { status, counts, violation } = call;
  if (status === "filtered") return `${counts.hidden} of ${counts.items} items hidden: ${hiddenBy(call)}`;
  if (status === "denied") return violation === undefined ? "denied" : `denied: ${violation.kind}`;
  if (status === "failed") return "failed, everything withheld";
  return counts.items > 1 ? `all ${counts.items} items visible` : "allowed";
}

/** What the live region says about a whole report. */
export function announcement({ calls }: PreviewView): string {
  if (calls.length === 1) return outcomeText(calls[0]!);
  const parts = calls.slice(0, 8).map((call) => `call ${call.index + 1}, ${outcomeText(call)}`);
  if (calls.length > parts.length) parts.push(`and ${calls.length - parts.length} more calls`);
  return parts.join("; ");
}
