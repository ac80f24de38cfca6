// What becomes of a guard after a fault, and what hostile guards and careless callers get.
import type { GuardError, GuardEvent, WasmGuard } from "edge-guard";
import vectors from "../vectors/abi/faults.json" with { type: "json" };
import { equal, ok, rejects } from "./assert.ts";
import { buildModule, withoutAllocator } from "./module-builder.ts";
import { runCase, type ScriptCase, script, textsOf } from "./script.ts";
import type { Environment, Library, Runner } from "./suite.ts";

const nothing = { tool: "t" };
const silent = { label_agent: "417f", label_resource: "417f", label_response: "4100" };

export function faultsSuite(runner: Runner, library: Library, environment: Environment): void {
  const { loadGuard, functionBackend } = library;
  const load = async (name: string, options = {}): Promise<WasmGuard> =>
    loadGuard(await environment.guard(name), { name, ...options });
  const test = (title: string, body: () => Promise<void>): void => runner.test(`faults: ${title}`, body);

  for (const one of vectors.cases as unknown as ScriptCase[]) {
    test(one.name, async () => void (await runCase(library, await environment.guard("script"), one, "sync")));
    test(`${one.name}, host's own pages`, async () => {
      await runCase(library, withoutAllocator(await environment.guard("script")), one, "sync");
    });
  }

  test("health is told as it changes, with its cause", async () => {
    const events: GuardEvent[] = [];
    const guard = await load("script", { onEvent: (event: GuardEvent) => events.push(event) });
    const first = await rejects(script(guard, "!"));
    await guard.recover();
    await guard.recover();
    await guard.close();
    await guard.close();
    const told = events.flatMap((event) => (event.type === "health" ? [[event.health, event.cause?.code]] : []));
    equal(told, [
      ["poisoned", "trap"],
      ["ok", undefined],
      ["closed", undefined],
    ]);
    const calls = events.flatMap((event) =>
      event.type === "label-call" ? [[event.function, event.runs, event.error?.code]] : [],
    );
    equal(calls, [["label_response", 1, "trap"]]);
    ok(first.cause instanceof WebAssembly.RuntimeError, "The trap's cause is what the engine threw");
  });

  test("recovery leads exactly to the state before the failed call, also after many calls", async () => {
    for (const count of [0, 1, 255, 256, 257, 600]) {
      const guard = await load("script");
      for (let call = 1; call <= count; call++) equal(await script(guard, "k"), [call * 1001]);
      await rejects(script(guard, "kkk!"));
      await guard.recover();
      equal(await script(guard, "k"), [(count + 1) * 1001], `The counter after ${count} calls`);
      await rejects(script(guard, "k!"));
      const second = await guard.fork();
      equal([second.health, await script(second, "k")], ["ok", [(count + 2) * 1001]], "A poisoned guard's fork");
      await Promise.all([guard.close(), second.close()]);
    }
  });

  test("calls that ended with the guard's own error belong to the state", async () => {
    const guard = await load("script");
    await rejects(script(guard, "kr-4"));
    await rejects(script(guard, "kz0Rw"));
    await rejects(script(guard, "k!"));
    await guard.recover();
    equal(await script(guard, "k"), [3003]);
    await guard.close();
  });

  test("a fork and its origin do not see each other", async () => {
    const guard = await load("script");
    await script(guard, "k");
    const second = await guard.fork();
    equal(await script(second, "kw7k"), [2002, 3003]);
    equal(await script(guard, "k"), [2002]);
    await rejects(script(second, "!"));
    equal(guard.health, "ok");
    await second.close();
    equal(await script(guard, "k"), [3003]);
    const fresh = await guard.fresh();
    equal(await script(fresh, "k"), [1001]);
    await Promise.all([guard.close(), fresh.close()]);
  });

  test("a guard that skips its answer does not give the previous caller's", async () => {
    const guard = await load("script");
    const answer = '{"items":[{"data":"of the first caller","labels":{"secrecy":[],"integrity":[]}}]}';
    await guard.labelResponse({ tool: "t", args: { do: "w0R", ...textsOf([answer]) } }, null);
    const error = await rejects(guard.labelResponse({ tool: "t", args: { do: `r${answer.length}` } }, null));
    equal((error as GuardError).code, "protocol");
    // Nor when the previous answer was never read.
    for (const lost of ["w0r-1", "w0r5000000", "w0v20000000r-2"]) {
      await rejects(guard.labelResponse({ tool: "t", args: { do: lost, ...textsOf([answer]) } }, null));
      const next = await rejects(guard.labelResponse({ tool: "t", args: { do: `r${answer.length}` } }, null));
      equal((next as GuardError).code, "protocol", `After ${lost}`);
    }
    await guard.close();
  });

  for (const [mode, length] of [
    ["t", 4194305],
    ["u", 4194305],
    ["t", 16777216],
    ["u", 16777216],
    ["m", 4194304],
  ] as const) {
    test(`-2: an answer of ${length} bytes, ${mode === "u" ? "size unknown" : "size told"}`, async () => {
      const guard = await load("large");
      const labels = await guard.labelResponse({ tool: `${mode}${length}` }, null);
      ok(labels !== null && "items" in labels && `${labels.items[0]?.data}`.length === length - 62, "The whole answer");
      await guard.close();
    });
  }
  test("-2: an answer of 16 MiB and 1 byte", async () => {
    const guard = await load("large");
    for (const mode of ["t", "u"])
      equal(((await rejects(guard.labelResponse({ tool: `${mode}16777217` }, null))) as GuardError).code, "limit");
    ok((await guard.labelResponse({ tool: "t100" }, null)) !== null, "The next call works");
    await guard.close();
  });

  test("the host's own pages are used again for growing inputs", async () => {
    const guard = await load("large", { limits: { outputBytes: 65536 } });
    for (let kilobytes = 16; kilobytes <= 8128; kilobytes += 624) {
      await guard.labelResponse({ tool: "t100" }, "x".repeat(kilobytes * 1024));
    }
    ok(guard.memoryBytes < 20 * 2 ** 20, `The memory stays small: ${guard.memoryBytes}`);
    await guard.close();
  });

  test("an input of 8 MiB passes, a byte more does not", async () => {
    const guard = await load("large");
    const frame = JSON.stringify({ tool_name: "t100", tool_args: {}, tool_result: "" }).length;
    const text = "x".repeat(8 * 2 ** 20 - frame);
    ok((await guard.labelResponse({ tool: "t100" }, text)) !== null, "8 MiB");
    const error = (await rejects(guard.labelResponse({ tool: "t100" }, `${text}x`))) as GuardError;
    equal([error.code, error.guard, error.phase], ["limit", "large", "label_response"]);
    // Bytes count, not characters.
    equal(
      ((await rejects(guard.labelResponse({ tool: "t100" }, "é".repeat(4 * 2 ** 20)))) as GuardError).code,
      "limit",
    );
    await guard.close();
  });

  test("an echo of a large input fits into the first buffer", async () => {
    const guard = await load("echo", { limits: { memoryPages: 1024 } });
    const error = (await rejects(
      guard.labelResource({ tool: "t", args: { text: "x".repeat(6 * 2 ** 20) } }),
    )) as GuardError;
    ok(error.message.includes('"resource" is nothing'), `The echo came back whole: ${error.message}`);
    await guard.close();
  });

  const allocators: Readonly<Record<string, readonly [body: string, code: string]>> = {
    "that has no memory left": ["4100", "limit"],
    "that gives a pointer beyond the memory": ["41808080800441ffffff3f6a", "protocol"],
    "that gives -1": ["417f", "protocol"],
    "that gives the same place twice": ["4107", "protocol"],
    "that traps": ["00", "trap"],
  };
  for (const [what, [body, code]] of Object.entries(allocators)) {
    test(`an allocator ${what}`, async () => {
      const bytes = buildModule({
        memory: [200],
        exports: { alloc: "i>i", dealloc: "ii>" },
        code: { ...silent, alloc: body, dealloc: "" },
      });
      const guard = await loadGuard(bytes);
      const error = (await rejects(guard.labelResponse(nothing, null))) as GuardError;
      equal([error.code, guard.health], [code, code === "trap" ? "poisoned" : "ok"]);
      await guard.close();
    });
  }
  test("an allocator that gives odd addresses is fine", async () => {
    // 4097 + 5 000 001 for what is above a megabyte
    const bytes = buildModule({
      memory: [200],
      exports: { alloc: "i>i", dealloc: "ii>" },
      code: {
        ...silent,
        alloc: "4181202000418080c0004b41c196b1026c6a",
        dealloc: "",
      },
    });
    const guard = await loadGuard(bytes);
    equal(await guard.labelResponse(nothing, null), null);
    await guard.close();
  });
  test("a deallocator that traps poisons, and closing survives it", async () => {
    const code = { ...silent, alloc: "2000", dealloc: "00" };
    const guard = await loadGuard(buildModule({ memory: [200], exports: { alloc: "i>i", dealloc: "ii>" }, code }));
    await guard.labelResponse(nothing, null).catch(() => {});
    await guard.close();
    equal(guard.health, "closed");
  });

  test("_initialize runs first, and its faults are those of loading", async () => {
    const trapping = buildModule({ exports: { _initialize: ">" }, code: { ...silent, _initialize: "00" } });
    const error = (await rejects(loadGuard(trapping, { name: "odd" }))) as GuardError;
    equal([error.code, error.guard, error.phase], ["trap", "odd", "_initialize"]);
    for (const [body, code] of [
      ["41001000", "exit"],
      ["41031000", "trap"],
    ] as const) {
      const exiting = buildModule({
        imports: [["wasi_snapshot_preview1", "proc_exit", "i>"]],
        exports: { _initialize: ">" },
        code: { ...silent, _initialize: body },
      });
      equal(((await rejects(loadGuard(exiting))) as GuardError).code, code);
    }
  });

  test("imports called by the start function do nothing", async () => {
    const logs: unknown[] = [];
    const guard = await load("start", { log: (line: unknown) => logs.push(line) });
    equal(await guard.labelResponse(nothing, null), {
      items: [{ data: ["-1"], labels: { secrecy: [], integrity: [] } }],
    });
    equal(logs.length, 1, "Only the host's own warning");
    await guard.close();
  });

  test("the missing allocator is told once", async () => {
    const logs: { source: string; level: string }[] = [];
    const guard = await load("large", { log: (line: { source: string; level: string }) => logs.push(line) });
    for (let call = 0; call < 3; call++) await guard.labelResponse({ tool: "t100" }, null);
    equal(
      logs.map(({ source, level }) => [source, level]),
      [["host", "warn"]],
    );
    await guard.close();
  });

  test("a module that came compiled without preparation works without checkpoints, and says so", async () => {
    const module = await WebAssembly.compile(await environment.guard("script"));
    const guard = await loadGuard(module);
    ok(!guard.module.checkpoint.possible && guard.module.checkpoint.obstacle?.includes("not prepared"), "It says why");
    equal(await script(guard, "k"), [1001]);
    await rejects(script(guard, "k!"));
    await guard.recover();
    equal(await script(guard, "k"), [2002], "Recovery by running the calls again");
    for (let call = 3; call <= 300; call++) await script(guard, "k");
    await rejects(script(guard, "k!"));
    const error = (await rejects(guard.recover())) as GuardError;
    equal([error.code, guard.health], ["state-not-capturable", "poisoned"]);
    ok(error.message.includes("load a fresh guard"), error.message);
    const next = await guard.fresh();
    equal(await script(next, "k"), [1001]);
    await Promise.all([guard.close(), next.close()]);
  });

  test("a module that came compiled is held to the memory limit all the same", async () => {
    const large = await WebAssembly.compile(buildModule({ memory: [600], code: silent }));
    equal(((await rejects(loadGuard(large))) as GuardError).code, "memory-limit");
    const guard = await loadGuard(await WebAssembly.compile(await environment.guard("script")));
    equal(await script(guard, "k"), [1001]);
    const error = (await rejects(script(guard, "kg600"))) as GuardError;
    equal([error.code, (error as { limit?: string }).limit], ["limit", "memoryPages"]);
    equal(await script(guard, "k"), [2002], "The call that took the memory never was");
    ok(guard.memoryBytes < 512 * 65536, "Nor is the memory there");
    await guard.close();
  });

  test("a module that was prepared and compiled elsewhere is as good as its bytes", async () => {
    const guard = await loadGuard(await WebAssembly.compile(library.prepareGuard(await environment.guard("script"))));
    equal(guard.module.checkpoint, { possible: true });
    equal(await script(guard, "g600n"), [-1]);
    await guard.close();
  });

  test("a preparation that lies is none", async () => {
    const text = JSON.stringify({ version: 2, memoryPages: 512, globals: [7, "x"] });
    const module = await WebAssembly.compile(
      buildModule({ code: silent, customSections: { "edge-guard.prepared": text } }),
    );
    const guard = await loadGuard(module);
    ok(!guard.module.checkpoint.possible, "No checkpoint");
    await guard.close();
  });

  test("a compiled module with results that are not i32", async () => {
    for (const type of ["iiii>F", "iiii>I"]) {
      const code = { ...silent, label_response: type.endsWith("F") ? "44000000000000f83f" : "4205" };
      const bytes = buildModule({ exports: { label_response: type }, code });
      const guard = await loadGuard(await WebAssembly.compile(bytes));
      equal(((await rejects(guard.labelResponse(nothing, null))) as GuardError).code, "protocol");
      await guard.close();
    }
  });

  test("a pinned view into a larger buffer is digested alone", async () => {
    const bytes = await environment.guard("script");
    const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
    const integrity = `sha256-${btoa(String.fromCharCode(...digest))}`;
    const larger = new Uint8Array(bytes.length + 100);
    larger.set(bytes, 50);
    const guard = await loadGuard(larger.subarray(50, 50 + bytes.length), { integrity });
    await guard.close();
    equal(
      ((await rejects(loadGuard(larger.subarray(0, bytes.length), { integrity }))) as GuardError).code,
      "integrity-mismatch",
    );
    equal(
      ((await rejects(loadGuard(await WebAssembly.compile(bytes), { integrity }))) as GuardError).code,
      "integrity-mismatch",
    );
  });

  test("deep and huge answers", async () => {
    const guard = await load("script");
    const answer = (text: string): Promise<unknown> =>
      guard.labelResource({ tool: "t", args: { do: "w0R", t0: text } });
    const deep = 60_000;
    await rejects(answer(`${"[".repeat(deep)}${"]".repeat(deep)}`));
    await rejects(answer(`{"resource":${'{"a":'.repeat(deep)}1${"}".repeat(deep)},"operation":"read"}`));
    await rejects(answer(`{"resource":{"secrecy":${"[".repeat(deep)}${"]".repeat(deep)},"integrity":[]}}`));
    equal(guard.health, "ok");
    equal(await script(guard, "k"), [1001]);
    await guard.close();
  });

  test("a guard that logs without end does not exhaust the host", async () => {
    for (const backend of [undefined, functionBackend(async () => 1)]) {
      const lines: string[] = [];
      const guard = await load("script", { log: ({ message }: { message: string }) => lines.push(message), backend });
      await script(guard, "[40000l10]", ["x"]);
      ok(lines.length === 16385 && `${lines.at(-1)}`.includes("logs too much"), `The lines end: ${lines.length}`);
      await script(guard, "l10", ["y"]);
      equal(lines.at(-1), "y", "The next call logs again");
      await guard.close();
    }
  });

  test("listeners that throw harm nobody", async () => {
    const throwing = (): never => {
      throw new Error("A listener's own fault");
    };
    const guard = await load("script", { log: throwing, onEvent: throwing, backend: functionBackend(async () => 1) });
    equal(await script(guard, "l10q0d", ["tool", "{}"], { onEvent: throwing }), [1]);
    await rejects(script(guard, "!"));
    equal(guard.health, "poisoned");
    await guard.recover();
    await guard.close();
  });

  test("callers' mistakes are named", async () => {
    const guard = await load("script");
    const mistakes: readonly (readonly [() => Promise<unknown>, string, string])[] = [
      [() => guard.labelResource({} as never), "TypeError", "call.tool"],
      [() => guard.labelResource({ tool: "t", args: 1n }), "TypeError", "call.args"],
      [() => guard.labelResponse({ tool: "t" }, () => {}), "TypeError", "JSON"],
      [() => guard.labelResource({ tool: "t" }, { timeoutMs: 0 }), "RangeError", "timeoutMs"],
      [() => guard.labelResource({ tool: "t" }, { timeoutMs: Number.NaN }), "RangeError", "timeoutMs"],
      [() => guard.labelAgent("{"), "PolicyError", "not JSON"],
      [() => guard.labelAgent(5), "PolicyError", "object"],
      [() => load("script", { limits: { memoryPages: 0 } }), "RangeError", "memoryPages"],
      [() => load("script", { limits: { backendCalls: -1 } }), "RangeError", "limits.backendCalls"],
      [() => load("script", { limits: { timeoutMs: -5 } }), "RangeError", "limits.timeoutMs"],
      [() => load("script", { concurrency: 0 }), "RangeError", "concurrency"],
      [() => load("script", { suspension: "threads" }), "RangeError", "suspension"],
      [() => load("script", { logLevel: "loud" }), "RangeError", "logLevel"],
      [() => load("script", { integrity: "md5-x" }), "TypeError", "integrity"],
      [() => loadGuard(5 as never), "TypeError", "source"],
    ];
    for (const [mistake, name, part] of mistakes) {
      const error = await rejects(mistake, part);
      ok(error.name === name && error.message.includes(part), `${name} naming ${part}: ${error}`);
    }
    equal([guard.health, await script(guard, "k")], ["ok", [1001]]);
    await guard.close();
  });
}
