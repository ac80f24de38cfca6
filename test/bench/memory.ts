// What a session weighs: agents of one monitor, callers with a session of their own, instances beside rivals' instances.
import { createMonitor, functionBackend, loadGuard } from "edge-guard";
import type { Bench, Environment, Row } from "./environment.ts";
import { handWritten } from "./hosts/by-hand.ts";
import { policy } from "./material.ts";
import { reasonOf } from "./measure.ts";

interface Usage {
  readonly heapUsed: number;
  readonly external: number;
  readonly rss: number;
}

const runtime = globalThis as {
  gc?: () => void;
  Bun?: { gc(force: boolean): void };
  Deno?: { memoryUsage(): Usage };
  process?: { memoryUsage(): Usage };
};

function collect(): void {
  if (runtime.Bun !== undefined) runtime.Bun.gc(true);
  else if (runtime.gc !== undefined) runtime.gc();
  else throw new Error("this runtime was started without gc()");
}

async function settled(): Promise<Usage> {
  for (let round = 0; round < 3; round++) {
    collect();
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  const { heapUsed, external, rss } = (runtime.Deno ?? runtime.process)!.memoryUsage();
  return { heapUsed, external, rss };
}

const kept: unknown[] = [];

/** What the process grows by per piece, all that was made before still being there; the heap and what hangs on it in the note. */
async function weigh(group: string, what: string, pieces: number, make: () => Promise<unknown>): Promise<Row> {
  const row = { group, what, unit: "bytes" } as const;
  try {
    const before = await settled();
    const started = performance.now();
    kept.push(await make());
    const seconds = (performance.now() - started) / 1000;
    const after = await settled();
    const value = Math.max(0, after.rss - before.rss) / pieces;
    const heap = Math.max(0, after.heapUsed + after.external - before.heapUsed - before.external) / pieces;
    const note = `${(heap / 1024).toFixed(1)} KB by the engine's own count, ${((seconds / pieces) * 1000).toFixed(2)} ms each`;
    return { ...row, value, note };
  } catch (error) {
    return { ...row, failed: reasonOf(error) };
  }
}

async function sessions(environment: Environment): Promise<Row[]> {
  const rows: Row[] = [];
  const group = "memory per session of the sample guard";
  const guard = await loadGuard(await environment.source("repo-guard"));
  const known = functionBackend(() => ({ private: false }), { synchronous: true });
  const list = { content: [{ type: "text", text: "[]" }] };
  const monitorOf = (): ReturnType<typeof createMonitor> =>
    createMonitor({ servers: { github: { guard, policy, backend: known } }, mode: "propagate" });
  const call = { server: "github", tool: "list_issues", args: { owner: "acme", repo: "site" } };
  // What is compiled and kept once is not a session's.
  await monitorOf().callTool({ ...call, agentId: "first" }, () => list);
  for (const count of environment.quick ? [1, 100] : [1, 100, 10_000]) {
    rows.push(
      await weigh(group, `${count.toLocaleString("en")} agents with the same policy and backend`, count, async () => {
        const monitor = monitorOf();
        for (let index = 0; index < count; index++) {
          await monitor.callTool({ ...call, agentId: `agent-${index}` }, () => list);
        }
        return monitor;
      }),
    );
  }
  let took = 0;
  for (const count of environment.quick ? [1] : [1, 100, 10_000]) {
    const what = `${count.toLocaleString("en")} agents with a backend, so an instance, of their own`;
    // By a hundred it is known whether ten thousand take too long; at more than a hundred times as long, for engines collect ever more.
    if (count > 100 && took > 100) {
      rows.push({ group, what, unit: "bytes", failed: `a hundred took ${(took / 1000).toFixed(1)} s` });
      continue;
    }
    const started = performance.now();
    rows.push(
      await weigh(group, what, count, async () => {
        const monitor = monitorOf();
        for (let index = 0; index < count; index++) {
          const backend = functionBackend(() => ({ private: false }), { synchronous: true });
          await monitor.callTool({ ...call, agentId: `agent-${index}`, backend }, () => list);
        }
        return monitor;
      }),
    );
    took = performance.now() - started;
  }
  await guard.close();
  // The smallest counts alone are for quick runs too.
  return rows.map((row) => (/^(1 |100 agents with the same )/.test(row.what) ? row : { ...row, whole: true }));
}

async function instances(environment: Environment): Promise<Row[]> {
  const group = "memory per instance";
  const count = environment.quick ? 10 : 100;
  const rivals = await environment.rivals();
  const many = async (make: () => unknown): Promise<unknown[]> => {
    const all: unknown[] = [];
    for (let index = 0; index < count; index++) all.push(await make());
    return all;
  };
  const guest = (name: string): Promise<WebAssembly.Module> => environment.module(name);
  const [constant, component, wapc, extism, opa] = await Promise.all(
    ["constant", "component.core", "wapc-echo", "extism-echo", "policy"].map(guest),
  );
  const guard = await loadGuard(await environment.source("constant"));
  await guard.labelResource({ tool: "t" });
  const makers: readonly (readonly [string, () => unknown])[] = [
    ["WebAssembly.Instance and buffers, by hand", () => handWritten(constant!, {}, [65536, 65536])],
    ["edge-guard, fork()", () => guard.fork()],
    ["jco (component)", () => rivals.component(component!)],
    ["waPC", () => rivals.waPC(wapc!)],
    ["Extism 2.0.0-rc13", () => rivals.extism(2, extism!)],
    ["OPA", () => rivals.policy(opa!)],
  ];
  const rows: Row[] = [];
  for (const [what, make] of makers) rows.push(await weigh(group, what, count, () => many(make)));
  return rows;
}

export const memory: Bench = {
  bench: async (environment) => [...(await sessions(environment)), ...(await instances(environment))],
};
