// Asks questions in workerd, from outside: deploys the Worker, sends a request per batch and times it. workerd-host.mjs <settings as JSON>.
import { readdirSync, readFileSync } from "node:fs";
import { Miniflare, type WorkerOptions } from "miniflare";
import { compare, paceOf, type Started } from "../measure.ts";
import { median } from "../row.ts";
import type { Ask, Told } from "./workerd.ts";

interface Settings {
  readonly names: readonly string[];
  readonly quick: boolean;
  /** With worker.mjs, and the folders modules, prepared and scenarios. */
  readonly folder: string;
}

const { names, quick, folder } = JSON.parse(process.argv[2] ?? "{}") as Settings;

function deployment(): WorkerOptions {
  const imports: string[] = [];
  const modules: { type: "CompiledWasm" | "ESModule"; path: string; contents: Uint8Array<ArrayBuffer> | string }[] = [];
  const table = (kind: string): string => {
    const entries = readdirSync(`${folder}/${kind}`).map((file, index) => {
      imports.push(`import ${kind}${index} from "./${kind}/${file}";`);
      const path = `${folder}/${kind}/${file}`;
      modules.push({ type: "CompiledWasm", path, contents: new Uint8Array(readFileSync(path)) });
      return `${JSON.stringify(file.replace(/\.wasm$/, ""))}: ${kind}${index}`;
    });
    return `{ ${entries.join(", ")} }`;
  };
  const scenarios = readdirSync(`${folder}/scenarios`).map(
    (file) => `${JSON.stringify(file.replace(/\.json$/, ""))}: ${readFileSync(`${folder}/scenarios/${file}`, "utf8")}`,
  );
  const main = [
    `const deployed = { modules: ${table("modules")}, prepared: ${table("prepared")}, scenarios: { ${scenarios.join(", ")} } };`,
    'import { createHandler } from "./worker.mjs";',
    'import { rivals } from "./rivals.js";',
    "export default createHandler({ ...deployed, rivals });",
  ];
  return {
    compatibilityDate: "2026-04-01",
    // What waPC and OPA expect of a global scope that bundlers give them.
    compatibilityFlags: ["nodejs_compat"],
    modulesRoot: folder,
    modules: [
      { type: "ESModule", path: `${folder}/main.mjs`, contents: [...imports, ...main].join("\n") },
      { type: "ESModule", path: `${folder}/worker.mjs`, contents: readFileSync(`${folder}/worker.mjs`, "utf8") },
      { type: "ESModule", path: `${folder}/rivals.js`, contents: readFileSync(`${folder}/rivals.js`, "utf8") },
      ...modules,
    ],
  } as WorkerOptions;
}

const say = (line: object): void => void process.stdout.write(`@@${JSON.stringify(line)}\n`);
const miniflare = new Miniflare({ cf: false, ...deployment() } as ConstructorParameters<typeof Miniflare>[0]);

async function send(ask: Ask): Promise<{ readonly milliseconds: number; readonly answer: unknown }> {
  const started = performance.now();
  const response = await miniflare.dispatchFetch("http://localhost/", { method: "POST", body: JSON.stringify(ask) });
  const answer = (await response.json()) as { failed?: string };
  const milliseconds = performance.now() - started;
  if (answer.failed !== undefined) throw new Error(answer.failed);
  return { milliseconds, answer };
}

/** What a request takes in which nothing is done. */
const idle: number[] = [];

async function start(ask: Ask, name: string): Promise<Started> {
  const { failed } = await send(ask).then(
    () => ({ failed: undefined }),
    (error: Error) => ({ failed: error.message }),
  );
  return {
    name,
    ...(failed === undefined ? {} : { failed }),
    async batch(calls): Promise<number> {
      const { milliseconds: nothing } = await send({ ...ask, contender: -1, calls: 0 });
      idle.push(nothing);
      const { milliseconds } = await send({ ...ask, calls });
      return Math.max(milliseconds / 100, milliseconds - median(idle.slice(-9)));
    },
  };
}

// Longer batches than elsewhere: each is timed with a request around it.
const pace = { ...paceOf(quick), rounds: quick ? 3 : 15, batchMs: quick ? 8 : 30 };
for (const question of names) {
  const began = performance.now();
  try {
    const groups = (await send({ question, quick })).answer as Told[];
    for (const [group, told] of groups.entries()) {
      if (told.whole && quick) continue;
      const started: Started[] = [];
      for (const [contender, name] of told.contenders.entries()) {
        started.push(await start({ question, quick, group, contender }, name));
      }
      say({ question, rows: await compare(told, started, pace) });
    }
  } catch (error) {
    say({ question, fault: error instanceof Error ? (error.stack ?? error.message) : String(error) });
  }
  say({ question, seconds: (performance.now() - began) / 1000 });
}
say({ ended: true });
await miniflare.dispose();
process.exit(0);
