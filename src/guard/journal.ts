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
  readonly block: Uint8Array<ArrayBuffer>;
  readonly start: number;
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
const blockBytes = 64 * 1024;

/** A journal; `kept` are the calls of another one, whose blocks it then reads and never writes. */
export function createJournal(kept: Kept[] = [], bytes = 0): Journal {
  // Blocks are reused after clear(), the first ones at least: sessions are many.
  const blocks: Uint8Array<ArrayBuffer>[] = [];
  let current = -1;
  let used = 0;
  let total = bytes;

  /** The block with room for this many bytes. */
  const room = (needed: number): Uint8Array<ArrayBuffer> => {
    for (;;) {
      const block = blocks[current];
      if (block !== undefined && block.length - used >= needed) return block;
      used = 0;
      current++;
      if (current === blocks.length) blocks.push(new Uint8Array(Math.max(blockBytes, needed)));
    }
  };

  return {
    get calls() {
      return kept.length;
    },
    get bytes() {
      return total;
    },
    push(name, text, recording): void {
      let block = room(text.length);
      let { read, written } = encoder.encodeInto(text, block.subarray(used));
      if (read < text.length) {
        block = room(utf8Length(text));
        written = encoder.encodeInto(text, block.subarray(used)).written;
      }
      kept.push({ name, block, start: used, end: used + written, recording });
      used += written;
      total += written + recordingBytes(recording);
    },
    clear(): void {
      // The same array for good: a dropped one would keep young entries alive until the next major collection.
      kept.length = 0;
      while (blocks.length > 4 || (blocks.at(-1)?.length ?? 0) > blockBytes) blocks.pop();
      current = -1;
      used = 0;
      total = 0;
    },
    *entries(): Generator<JournalEntry> {
      for (const { name, block, start, end, recording } of kept) {
        yield { name, text: decoder.decode(block.subarray(start, end)), recording };
      }
    },
    copy(): Journal {
      // The blocks would be written over once this journal is cleared.
      const mine = kept.map((entry) => {
        const block = entry.block.slice(entry.start, entry.end);
        return { ...entry, block, start: 0, end: block.length };
      });
      return createJournal(mine, total);
    },
  };
}
