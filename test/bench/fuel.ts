// What fuel costs: the sample guard's label_response of 100 items against the same guard without (bar: at most 1.25), how much the code
// grows, and how long the rewrite of 280 KB takes (bar: 15 ms).
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fuelGlobalName } from "../../src/wasm/contract.ts";
import { addFuel } from "../../src/wasm/fuel.ts";

const root = process.env["EDGE_GUARD_ROOT"] ?? process.cwd();
const capacity = 4 * 1024 * 1024;

function issue(number: number): unknown {
  return {
    number,
    title: `The build of target ${number} fails on a fresh clone`,
    body: `Steps:\n1. clone\n2. run the build\n\nExpected: it passes. Got: error ${number * 7919} in the linker.\n`.repeat(
      4,
    ),
    state: number % 3 === 0 ? "closed" : "open",
    user: { login: `user-${number % 97}`, id: 1000 + (number % 97), type: "User" },
    author_association: ["OWNER", "NONE", "CONTRIBUTOR", "FIRST_TIMER"][number % 4],
    labels: [{ name: "bug" }, { name: `area/${number % 13}` }],
    comments: number % 11,
    created_at: "2026-01-02T03:04:05Z",
    html_url: `https://github.com/acme/site/issues/${number}`,
    reactions: { total_count: 2, "+1": 1, "-1": 0 },
  };
}

const policy = JSON.stringify({
  "allow-only": { repos: ["acme/*"], "min-integrity": "approved", "trusted-users": ["user-3"] },
});
const response = JSON.stringify({
  tool_name: "list_issues",
  tool_args: { owner: "acme", repo: "site" },
  tool_result: { items: Array.from({ length: 100 }, (_, index) => issue(index)), private: false },
});

interface Running {
  run(): number;
  answer(): string;
  fuel: WebAssembly.Global | undefined;
}

function start(bytes: Uint8Array<ArrayBuffer>): Running {
  const module = new WebAssembly.Module(bytes);
  const imports: Record<string, Record<string, unknown>> = { edge_guard: { out_of_fuel: () => 1_000_000_000 } };
  for (const { module: from, name } of WebAssembly.Module.imports(module)) {
    if (from === "edge_guard") continue;
    imports[from] = { ...imports[from], [name]: () => -1 };
  }
  const { exports } = new WebAssembly.Instance(module, imports as WebAssembly.Imports);
  const memory = exports["memory"] as WebAssembly.Memory;
  const functions = exports as Record<string, (...values: number[]) => number>;
  (functions["_initialize"] as (() => void) | undefined)?.();
  const allocate = (): number => functions["alloc"]?.(capacity) ?? memory.grow(capacity / 65536) * 65536;
  const input = allocate();
  const output = allocate();
  const put = (value: string): number =>
    new TextEncoder().encodeInto(value, new Uint8Array(memory.buffer, input)).written;
  functions["label_agent"]!(input, put(policy), output, capacity);
  const length = put(response);
  const run = (): number => functions["label_response"]!(input, length, output, capacity);
  return {
    run,
    answer: () => {
      const size = run();
      return size < 0 ? `error ${size}` : new TextDecoder().decode(new Uint8Array(memory.buffer, output, size));
    },
    fuel: exports[fuelGlobalName] as WebAssembly.Global | undefined,
  };
}

/** The least and the median of many runs of each, taken in turns, in milliseconds. */
function compare(runs: readonly (() => unknown)[], turns: number): { least: number; median: number }[] {
  const times: number[][] = runs.map(() => []);
  for (let turn = 0; turn < turns; turn++) {
    runs.forEach((run, index) => {
      const begin = performance.now();
      run();
      times[index]!.push(performance.now() - begin);
    });
  }
  return times.map((list) => {
    list.sort((a, b) => a - b);
    return { least: list[0]!, median: list[list.length >> 1]! };
  });
}

const guard = join(root, "dist/guards/repo-guard.wasm");
if (existsSync(guard)) {
  const bytes = Uint8Array.from(readFileSync(guard));
  const rewritten = addFuel(bytes);
  const plain = start(bytes);
  const counting = start(rewritten);
  if (plain.answer() !== counting.answer()) throw new Error("The guard answers differently with fuel");
  compare([plain.run, counting.run], 200);
  const [before, after] = compare([plain.run, counting.run], 1000);
  const fuel = counting.fuel!;
  fuel.value = 2_000_000_000;
  counting.run();
  console.log(
    `label_response of 100 items, ${response.length} bytes: ${before!.least.toFixed(3)} ms without fuel, ${after!.least.toFixed(3)} ms with, ` +
      `ratio ${(after!.least / before!.least).toFixed(3)} (of the medians ${(after!.median / before!.median).toFixed(3)}); ` +
      `${2_000_000_000 - fuel.value} fuel used; code ${bytes.length} to ${rewritten.length} bytes, ${(rewritten.length / bytes.length).toFixed(3)} times`,
  );
} else console.log("dist/guards/repo-guard.wasm is not there: npm run build first");

// The rewrite: a module of about 280 KB, from the largest that is installed, with as many of its functions as fit.
const large = join(root, "node_modules/playwright-core/lib/webp_codec.wasm");
if (existsSync(large)) {
  const bytes = Uint8Array.from(readFileSync(large));
  const begin = performance.now();
  const rewritten = addFuel(bytes);
  const first = performance.now() - begin;
  const [rewrite, compile] = compare([() => addFuel(bytes), () => new WebAssembly.Module(bytes)], 60);
  const scale = (280 * 1024) / bytes.length;
  console.log(
    `rewrite of ${bytes.length} bytes: first ${first.toFixed(1)} ms, then ${rewrite!.median.toFixed(1)} ms; for 280 KB ${(first * scale).toFixed(1)} and ${(rewrite!.median * scale).toFixed(1)} ms; ` +
      `${(rewrite!.median / compile!.median).toFixed(2)} times new WebAssembly.Module; code ${(rewritten.length / bytes.length).toFixed(3)} times`,
  );
}
