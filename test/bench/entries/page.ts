// Asks questions in a page. Settings are in the address behind "#"; what it finds goes to `report`, which the driver puts there.
import type { Environment, Rivals } from "../environment.ts";
import { ask, questions } from "../questions.ts";

declare const report: (line: string) => Promise<void>;

interface Settings {
  readonly names: readonly string[];
  readonly quick: boolean;
}

const { names, quick } = JSON.parse(decodeURIComponent(location.hash.slice(1))) as Settings;

async function fetched(path: string): Promise<Response> {
  const response = await fetch(path);
  if (!response.ok) throw new Error(`${path}: ${response.status}`);
  return response;
}
const bytes = async (name: string): Promise<Uint8Array<ArrayBuffer>> =>
  new Uint8Array(await (await fetched(`guests/${name}.wasm`)).arrayBuffer());

const environment: Environment = {
  name: "chromium",
  quick,
  guard: bytes,
  source: bytes,
  module: async (name) => WebAssembly.compile(await bytes(name)),
  scenario: async (name) => (await fetched(`scenarios/${name}.json`)).json(),
  // Bundled apart: their packages are the bench's alone.
  rivals: async (): Promise<Rivals> => (await import(new URL("rivals.js", location.href).href)).rivals,
};

const say = (line: object): Promise<void> => report(JSON.stringify(line));
for (const name of names) {
  const started = performance.now();
  try {
    await ask(questions[name]!, environment, (rows) => say({ question: name, rows }));
  } catch (error) {
    await say({ question: name, fault: error instanceof Error ? (error.stack ?? error.message) : String(error) });
  }
  await say({ question: name, seconds: (performance.now() - started) / 1000 });
}
await say({ ended: true });
