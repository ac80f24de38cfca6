// Every sentence of the guard ABI that a script can show, on both buffer paths, and modules that cannot be guards.
import agentAnswers from "../vectors/abi/agent-answers.json" with { type: "json" };
import calls from "../vectors/abi/calls.json" with { type: "json" };
import imports from "../vectors/abi/imports.json" with { type: "json" };
import modules from "../vectors/abi/modules.json" with { type: "json" };
import resourceAnswers from "../vectors/abi/resource-answers.json" with { type: "json" };
import responseAnswers from "../vectors/abi/response-answers.json" with { type: "json" };
import { equal, ok, rejects } from "./assert.ts";
import { buildModule, type ModuleParts, withoutAllocator } from "./module-builder.ts";
import { runCase, type ScriptCase } from "./script.ts";
import type { Environment, Library, Runner } from "./suite.ts";

export function abiSuite(runner: Runner, library: Library, environment: Environment): void {
  const groups = { calls, imports, agentAnswers, resourceAnswers, responseAnswers };
  for (const [group, { cases }] of Object.entries(groups)) {
    for (const test of cases as unknown as ScriptCase[]) {
      runner.test(`${group}: ${test.name}`, async () => {
        await runCase(library, await environment.guard("script"), test, "sync");
      });
    }
  }
  // Without the guest's allocator only capacities differ: the host's buffers are whole pages.
  for (const test of calls.cases as unknown as ScriptCase[]) {
    if (test.limits !== undefined && "memoryPages" in test.limits) continue;
    runner.test(`calls, host's own pages: ${test.name}`, async () => {
      await runCase(library, withoutAllocator(await environment.guard("script")), test, "sync");
    });
  }

  for (const { name, parts, base64, error, message } of modules.cases as unknown as ModuleCase[]) {
    runner.test(`modules: ${name}`, async () => {
      const bytes =
        base64 === undefined ? buildModule(parts ?? {}) : Uint8Array.from(atob(base64), (c) => c.charCodeAt(0));
      const report = library.inspectGuard(bytes);
      if (error === undefined) {
        equal(report.problems, [], "Problems");
        await (await library.loadGuard(bytes)).close();
        return;
      }
      const thrown = await rejects(library.loadGuard(bytes, { name: "odd" }));
      ok(thrown instanceof library.ModuleError, `A ModuleError is thrown: ${thrown}`);
      equal(
        { code: thrown.code, guard: thrown.guard, phase: thrown.phase },
        { code: error, guard: "odd", phase: "load" },
      );
      for (const part of message ?? [])
        ok(thrown.message.includes(part), `The message says ${part}: ${thrown.message}`);
      ok(
        !report.ok && report.problems.some(({ message: text }) => text === thrown.message),
        "inspectGuard reports the same",
      );
    });
  }
}

interface ModuleCase {
  readonly name: string;
  readonly parts?: ModuleParts;
  readonly base64?: string;
  readonly error?: string;
  readonly message?: readonly string[];
}
