// Bytes that are no module, or one with a few bytes changed: ModuleError and nothing else, and inspectGuard never throws.
import { strictEqual } from "node:assert";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { ModuleError } from "../../../src/errors.ts";
import { readModule } from "../../../src/wasm/binary.ts";
import { inspectGuard } from "../../../src/wasm/inspect.ts";
import { prepareGuard } from "../../../src/wasm/prepare-guard.ts";

const root = process.env["EDGE_GUARD_ROOT"] ?? "./";
const real = new Uint8Array(readFileSync(`${root}.cache/guards/script.wasm`));

function onlyModuleErrors(bytes: Uint8Array, what: string): void {
  for (const read of [readModule, prepareGuard]) {
    try {
      read(bytes);
    } catch (error) {
      if (!(error instanceof ModuleError)) throw new Error(`${what}: ${read.name} threw ${error}`);
    }
  }
  const report = inspectGuard(bytes);
  strictEqual(report.ok, report.problems.length === 0);
  strictEqual(report.size, bytes.length);
}

/** A small generator with a seed: the same mutations on every run. */
function random(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
}

test("a module cut short at every byte", () => {
  for (let length = 0; length < real.length; length++) onlyModuleErrors(real.subarray(0, length), `${length} bytes`);
});

test("a module with one to four bytes changed, 20 000 times", () => {
  const next = random(20261122);
  for (let turn = 0; turn < 20_000; turn++) {
    const bytes = real.slice();
    // The sections before the code are the ones that are read in full.
    const reach = turn % 2 === 0 ? 700 : bytes.length;
    for (let changes = 1 + Math.floor(next() * 4); changes > 0; changes--) {
      bytes[Math.floor(next() * reach)] = Math.floor(next() * 256);
    }
    onlyModuleErrors(bytes, `turn ${turn}`);
  }
});

test("random bytes behind a header", () => {
  const next = random(7);
  for (let turn = 0; turn < 5000; turn++) {
    const bytes = Uint8Array.from({ length: 8 + Math.floor(next() * 200) }, () => Math.floor(next() * 256));
    bytes.set([0, 0x61, 0x73, 0x6d, 1, 0, 0, 0]);
    onlyModuleErrors(bytes, `turn ${turn}`);
  }
});

test("a hundred thousand types do not exhaust the stack", () => {
  const count = 200_000;
  const body = new Uint8Array(3 * count + 3);
  body.set([(count & 127) | 128, ((count >> 7) & 127) | 128, count >> 14]);
  for (let at = 3; at < body.length; at += 3) body[at] = 0x60;
  const size = body.length;
  const head = [0, 0x61, 0x73, 0x6d, 1, 0, 0, 0, 1, (size & 127) | 128, ((size >> 7) & 127) | 128, size >> 14];
  const bytes = new Uint8Array(head.length + size);
  bytes.set(head);
  bytes.set(body, head.length);
  onlyModuleErrors(bytes, "many types");
  strictEqual(readModule(bytes).sections.length, 1);
});

test("preparing is pure, repeatable, and again from scratch", async () => {
  const before = real.slice();
  const once = prepareGuard(real);
  strictEqual(Buffer.compare(real, before), 0);
  strictEqual(Buffer.compare(once, prepareGuard(real)), 0);
  strictEqual(Buffer.compare(prepareGuard(once), once), 0);
  strictEqual(Buffer.compare(prepareGuard(prepareGuard(real, { memoryPages: 600 })), once), 0);
  strictEqual(WebAssembly.validate(once), true);
  strictEqual(inspectGuard(once).prepared, true);
  strictEqual(inspectGuard(once).checkpoint.possible, true);
});
