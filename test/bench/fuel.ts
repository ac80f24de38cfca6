// What fuel costs: the sample guard's label_response of 100 items with and without, and how long the rewrite takes.
import { addFuel } from "../../src/wasm/fuel.ts";
import { type Bench, type Environment, type Group, type Row, rowOf } from "./environment.ts";
import { issues, policy } from "./material.ts";
import { neverSeen } from "./padded.ts";

const capacity = 4 * 1024 * 1024;
const agentInput = JSON.stringify(policy);
const input = JSON.stringify({
  tool_name: "list_issues",
  tool_args: { owner: "acme", repo: "site" },
  tool_result: { items: issues(100), private: false },
});

/** Makes label_response ready to be run on the same input again and again. */
async function started(module: WebAssembly.Module): Promise<() => unknown> {
  const imports: Record<string, Record<string, WebAssembly.ImportValue>> = {};
  for (const { module: from, name } of WebAssembly.Module.imports(module)) {
    const refill = from === "edge_guard";
    imports[from] = { ...imports[from], [name]: refill ? () => 1_000_000_000 : () => -1 };
  }
  const { exports } = new WebAssembly.Instance(module, imports);
  const memory = exports["memory"] as WebAssembly.Memory;
  const functions = exports as Record<string, (...values: number[]) => number>;
  (functions["_initialize"] as (() => void) | undefined)?.();
  const allocate = (): number => functions["alloc"]?.(capacity) ?? memory.grow(capacity / 65536) * 65536;
  const [at, output] = [allocate(), allocate()];
  const put = (value: string): number => new TextEncoder().encodeInto(value, new Uint8Array(memory.buffer, at)).written;
  functions["label_agent"]!(at, put(agentInput), output, capacity);
  const length = put(input);
  return () => {
    if (functions["label_response"]!(at, length, output, capacity) <= 0) throw new Error("the guard did not answer");
  };
}

const contenders = (environment: Environment): Group["contenders"] => [
  { name: "without fuel", start: async () => started(await environment.module("repo-guard")) },
  { name: "with fuel", start: async () => started(await environment.module("repo-guard-fuel")) },
];

/** What the bar is about: code that its engine has compiled for good. Until then both change from batch to batch. */
const labelResponse = (environment: Environment): Group => ({
  what: "label_response of 100 issues, the sample guard alone",
  reference: "without fuel",
  contenders: contenders(environment),
  comparisons: [{ over: "with fuel", under: "without fuel", bar: "fuel" }],
  warmMs: 1000,
});

/** The first tenth of a second of a process. Asked first, while nothing is compiled for good. */
const firstCalls = (environment: Environment): Group => ({
  what: "label_response of 100 issues, from the first calls on",
  reference: "without fuel",
  contenders: contenders(environment),
  warmMs: 0,
});

/** Real code, Rust's: what is in a module besides is only copied. */
function rewriting(environment: Environment): Group {
  const bytes = async (): Promise<() => Uint8Array<ArrayBuffer>> => neverSeen(await environment.guard("rust-guard"));
  return {
    what: "counting fuel into a module of 136 KB, the guard in Rust",
    reference: "new WebAssembly.Module of it",
    contenders: [
      {
        name: "new WebAssembly.Module of it",
        async start(): Promise<() => unknown> {
          const next = await bytes();
          return () => new WebAssembly.Module(next());
        },
      },
      {
        name: "the rewrite",
        async start(): Promise<() => unknown> {
          const next = await bytes();
          return () => addFuel(next());
        },
      },
    ],
  };
}

/** The same bytes everywhere. The time by the bar's 280 KB: the rewrite is linear in what it reads. */
async function rows(environment: Environment): Promise<Row[]> {
  if (environment.name === "workerd") return [];
  const rust = await environment.guard("rust-guard");
  const times = Array.from({ length: environment.quick ? 3 : 15 }, () => {
    const began = performance.now();
    addFuel(rust);
    return ((performance.now() - began) * 280 * 1024) / rust.length;
  });
  const found = [
    rowOf(times, { group: "counting fuel into 280 KB of code", what: "the rewrite", unit: "ms", bar: "fuel-rewrite" }),
  ];
  if (environment.name !== "node") return found;
  for (const name of ["repo-guard", "rust-guard", "c-guard", "assemblyscript-guard", "go-guard"]) {
    const bytes = await environment.guard(name);
    const value = addFuel(bytes).length / bytes.length;
    found.push({ group: "size of a module that counts, against the same without", what: name, unit: "x", value });
  }
  return found;
}

export const fuel: Bench = {
  groups: (environment) => [firstCalls(environment), labelResponse(environment), rewriting(environment)],
  bench: rows,
};
