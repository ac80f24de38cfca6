// Asks questions in Node, Deno or Bun: process.mjs <settings as JSON>. A line of JSON per answer, behind "@@".
import { readFile } from "node:fs/promises";
import { pathToFileURL } from "node:url";
import { cacheChromium } from "../cache-chromium.ts";
import type { Bench, Environment, Rivals } from "../environment.ts";
import * as proxy from "../proxy.ts";
import { ask, questions } from "../questions.ts";
import { sizes } from "../sizes.ts";

interface Settings {
  readonly names: readonly string[];
  readonly quick: boolean;
  readonly root: string;
  /** The folder with the guards and the rivals' guests. */
  readonly guests: string;
}

const { names, quick, root, guests } = JSON.parse(process.argv[2] ?? "{}") as Settings;
const all: Readonly<Record<string, Bench>> = { ...questions, "cache-chromium": cacheChromium, proxy, sizes };

const bytes = async (name: string): Promise<Uint8Array<ArrayBuffer>> =>
  new Uint8Array(await readFile(`${guests}/${name}.wasm`));
const environment: Environment = {
  name: "Deno" in globalThis ? "deno" : "Bun" in globalThis ? "bun" : "node",
  quick,
  guard: bytes,
  source: bytes,
  module: async (name) => WebAssembly.compile(await bytes(name)),
  scenario: async (name) => JSON.parse(await readFile(`${root}demo/scenarios/${name}.json`, "utf8")),
  async rivals(): Promise<Rivals> {
    const [rivals, { instantiate }] = await Promise.all([
      import(pathToFileURL(`${root}test/bench/rivals/index.mjs`).href),
      import(pathToFileURL(`${guests}/component.js`).href),
    ]);
    return { ...rivals, component: (module) => rivals.component(instantiate, module) };
  },
};

const say = (line: object): void => void process.stdout.write(`@@${JSON.stringify(line)}\n`);
for (const name of names) {
  const started = performance.now();
  try {
    await ask(all[name]!, environment, (rows) => say({ question: name, rows }));
  } catch (error) {
    say({ question: name, fault: error instanceof Error ? (error.stack ?? error.message) : String(error) });
  }
  say({ question: name, seconds: (performance.now() - started) / 1000 });
}
say({ ended: true });
process.exit(0);
