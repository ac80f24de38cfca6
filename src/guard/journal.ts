// The calls since a state that can be put back, each with what is needed to make it again. They are kept as bytes in blocks: objects
// and strings that live this long would be copied by every collection, and cost a call more than all its other bookkeeping.
import type { LabelFunction } from "../wasm/contract.ts";
import type { InputKeeper } from "../wasm/exchange.ts";
import { type Answer, type Recording, recordingBytes } from "../wasm/run.ts";
import { shortLength, utf8Length, writeShort } from "../wasm/utf8.ts";

/** A finished call. */
export interface JournalEntry {
  readonly name: LabelFunction;
  readonly text: string;
  readonly recording: Recording;
}

export interface Journal extends InputKeeper {
  readonly calls: number;
  /** Inputs and what the host told the guest. */
  readonly bytes: number;
  /** Makes an entry of a call; its input is the one that was kept last, when that is of the same text. */
  push(name: LabelFunction, text: string, recording: Recording | undefined): void;
  clear(): void;
  /** From the first call to the last. */
  entries(): Generator<JournalEntry>;
  /** A second journal with the same calls. */
  copy(): Journal;
}

const encoder = new TextEncoder();
const decoder = new TextDecoder("utf-8", { ignoreBOM: true });
const blockBytes = 64 * 1024;
const functions: readonly LabelFunction[] = ["label_agent", "label_resource", "label_response"];
/** Blocks that no journal uses: sessions come and go, and fresh memory costs more than what is written into it. */
const spareBlocks: Uint8Array<ArrayBuffer>[] = [];
const mostSpareBlocks = 32;
/**
 * What a record is: a call's input, by the index of its function; a question's key, an answer to it, or that there was none; the fuel
 * that the call burned, in digits. All stand behind their call.
 */
const kinds = { question: 3, answer: 4, noAnswer: 5, fuel: 6 } as const;
/** Before each record: its kind, and its length in four bytes. */
const headerBytes = 5;

interface Block {
  readonly bytes: Uint8Array<ArrayBuffer>;
  used: number;
}

// A class, for its methods exist once: sessions are many.
class CallJournal implements Journal {
  #blocks: Block[] = [];
  #last: Block | undefined = undefined;
  /** Readings of clocks and random numbers, by entry: few guards ask for them in every call. */
  #recordings: Map<number, Recording> | undefined = undefined;
  calls = 0;
  bytes = 0;
  /** The text whose bytes lie behind the last record, and how many they are. */
  #keptText: string | undefined = undefined;
  #keptLength = 0;

  keep(text: string, input: Uint8Array, length: number): void {
    // A short one is written as fast from its text.
    if (length <= shortLength) return;
    const block = this.#room(length);
    block.bytes.set(input.subarray(0, length), block.used + headerBytes);
    this.#keptText = text;
    this.#keptLength = length;
  }

  push(name: LabelFunction, text: string, recording: Recording | undefined): void {
    const kind = functions.indexOf(name);
    if (this.#keptText === text) this.#finish(this.#last as Block, kind, this.#keptLength);
    else this.#write(kind, text);
    this.#keptText = undefined;
    if (recording !== undefined) this.#pushRecording(recording);
    this.calls++;
  }

  #pushRecording({ answers, clocks, randoms, fuel }: Recording): void {
    if (fuel !== undefined) this.#write(kinds.fuel, String(fuel));
    answers?.forEach((answer, key) => {
      this.#write(kinds.question, key);
      this.#write(answer === null ? kinds.noAnswer : kinds.answer, answer ?? "");
    });
    if (clocks === undefined && randoms === undefined) return;
    this.#recordings ??= new Map();
    this.#recordings.set(this.calls, { clocks, randoms });
    this.bytes += recordingBytes({ clocks, randoms });
  }

  #write(kind: number, text: string): void {
    let block = this.#room(text.length);
    if (writeShort(text, block.bytes, block.used + headerBytes)) {
      this.#finish(block, kind, text.length);
      return;
    }
    let { read, written } = encoder.encodeInto(text, block.bytes.subarray(block.used + headerBytes));
    if (read < text.length) {
      block = this.#room(utf8Length(text));
      written = encoder.encodeInto(text, block.bytes.subarray(block.used + headerBytes)).written;
    }
    this.#finish(block, kind, written);
  }

  #finish(block: Block, kind: number, length: number): void {
    const { bytes, used } = block;
    bytes[used] = kind;
    bytes[used + 1] = length;
    bytes[used + 2] = length >>> 8;
    bytes[used + 3] = length >>> 16;
    bytes[used + 4] = length >>> 24;
    block.used = used + headerBytes + length;
    this.bytes += length;
  }

  clear(): void {
    for (const { bytes } of this.#blocks)
      if (bytes.length === blockBytes && spareBlocks.length < mostSpareBlocks) spareBlocks.push(bytes);
    this.#blocks.length = 0;
    this.#last = undefined;
    this.#recordings = undefined;
    this.calls = 0;
    this.bytes = 0;
    this.#keptText = undefined;
  }

  *entries(): Generator<JournalEntry> {
    let entry: { name: LabelFunction; text: string; recording: Recording } | undefined;
    let answers: Map<string, Answer> | undefined;
    let index = 0;
    let key = "";
    for (const { kind, text } of this.#records()) {
      const name = functions[kind];
      if (name !== undefined) {
        if (entry !== undefined) yield entry;
        entry = { name, text, recording: { ...this.#recordings?.get(index++) } };
        answers = undefined;
      } else if (kind === kinds.question) key = text;
      else if (entry !== undefined && kind === kinds.fuel) entry.recording.fuel = Number(text);
      else if (entry !== undefined) {
        answers ??= new Map();
        entry.recording.answers = answers;
        answers.set(key, kind === kinds.answer ? text : null);
      }
    }
    if (entry !== undefined) yield entry;
  }

  *#records(): Generator<{ kind: number; text: string }> {
    for (const { bytes, used } of this.#blocks) {
      const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
      for (let at = 0; at < used; ) {
        const start = at + headerBytes;
        const end = start + view.getUint32(at + 1, true);
        yield { kind: view.getUint8(at), text: decoder.decode(bytes.subarray(start, end)) };
        at = end;
      }
    }
  }

  copy(): Journal {
    const second = new CallJournal();
    for (const { name, text, recording } of this.entries()) second.push(name, text, recording);
    return second;
  }

  /** The block with room for a record of this many bytes. */
  #room(length: number): Block {
    const needed = length + headerBytes;
    const last = this.#last;
    if (last !== undefined && last.bytes.length - last.used >= needed) return last;
    const spare = needed > blockBytes ? undefined : spareBlocks.pop();
    const block = { bytes: spare ?? new Uint8Array(Math.max(blockBytes, needed)), used: 0 };
    this.#blocks.push(block);
    this.#last = block;
    return block;
  }
}

export function createJournal(): Journal {
  return new CallJournal();
}
