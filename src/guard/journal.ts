// The calls since a state that can be put back, each with what is needed to make it again. Inputs are kept as bytes in one buffer:
// strings that live this long would be copied by every collection, and cost a call more than all its other bookkeeping.
import type { LabelFunction } from "../wasm/contract.ts";
import { utf8Length } from "../wasm/exchange.ts";
import { type Recording, recordingBytes } from "../wasm/run.ts";

/** A finished call. */
export interface JournalEntry {
  readonly name: LabelFunction;
  readonly text: string;
  readonly recording: Recording;
}

interface Kept {
  readonly name: LabelFunction;
  readonly end: number;
  readonly recording: Recording;
}

export interface Journal {
  readonly calls: number;
  /** Inputs and what the host told the guest. */
  readonly bytes: number;
  push(name: LabelFunction, text: string, recording: Recording): void;
  clear(): void;
  /** From the first call to the last. */
  entries(): Generator<JournalEntry>;
  /** A second journal with the same calls. */
  copy(): Journal;
}

const encoder = new TextEncoder();
const decoder = new TextDecoder("utf-8", { ignoreBOM: true });
const firstBytes = 16 * 1024;
const largestKeptBytes = 2 * 1024 * 1024;

export function createJournal(
  buffer: Uint8Array<ArrayBuffer> = new Uint8Array(0),
  kept: Kept[] = [],
  told = 0,
): Journal {
  let inputs = buffer;
  let recorded = told;
  const used = (): number => kept.at(-1)?.end ?? 0;

  const grow = (needed: number): void => {
    const larger = new Uint8Array(Math.max(firstBytes, inputs.length * 2, used() + needed));
    larger.set(inputs.subarray(0, used()));
    inputs = larger;
  };

  return {
    get calls() {
      return kept.length;
    },
    get bytes() {
      return used() + recorded;
    },
    push(name, text, recording): void {
      const start = used();
      if (inputs.length - start < text.length) grow(text.length);
      let { read, written } = encoder.encodeInto(text, inputs.subarray(start));
      if (read < text.length) {
        grow(utf8Length(text));
        ({ read, written } = encoder.encodeInto(text, inputs.subarray(start)));
      }
      kept.push({ name, end: start + written, recording });
      recorded += recordingBytes(recording);
    },
    clear(): void {
      // The same array for good: a dropped one would keep young entries alive until the next major collection.
      kept.length = 0;
      recorded = 0;
      if (inputs.length > largestKeptBytes) inputs = new Uint8Array(0);
    },
    *entries(): Generator<JournalEntry> {
      let start = 0;
      for (const { name, end, recording } of kept) {
        yield { name, text: decoder.decode(inputs.subarray(start, end)), recording };
        start = end;
      }
    },
    copy: () => createJournal(inputs.slice(0, used()), [...kept], recorded),
  };
}
