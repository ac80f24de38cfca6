// edge-guard prepare: the rewrite at build time, for runtimes that only take modules that were compiled with the deployment.
import { readFile, writeFile } from "node:fs/promises";
import { resolve } from "node:path";
import { inspectGuard } from "../wasm/inspect.ts";
import { prepareGuard } from "../wasm/prepare-guard.ts";
import { UsageError } from "./arguments.ts";
import { type Command, EXIT, helpFlag } from "./command.ts";
import { printable } from "./terminal.ts";

export const prepareCommand: Command = {
  usage: "edge-guard prepare [flags] <guard.wasm>",
  about: "Writes a guard with its memory capped and its state made readable, to be deployed compiled.",
  flags: {
    output: {
      type: "string",
      short: "o",
      usage: "-o, --output <file>",
      help: "Where the prepared guard goes. Default: beside the guard, with the ending .edge.wasm.",
    },
    "memory-pages": {
      type: "string",
      usage: "--memory-pages <n>",
      help: "The most that its memory may have, in pages of 64 KiB. Default: 512.",
    },
    fuel: {
      type: "boolean",
      usage: "--fuel",
      help: "Lets a host end the guard in the middle of a computation: needed for budgets and deadlines on Workers.",
    },
    help: helpFlag,
  },
  async run({ values, positionals }, { out }) {
    const [file, ...others] = positionals;
    if (file === undefined || others.length > 0) {
      throw new UsageError(`Cannot prepare: one module is needed, got ${positionals.length}`);
    }
    const target = (values["output"] as string | undefined) ?? `${file.replace(/\.wasm$/, "")}.edge.wasm`;
    if (resolve(target) === resolve(file)) {
      throw new UsageError(`Cannot prepare: "${target}" is the guard itself; name another file with --output`);
    }
    const memoryPages = readPages(values["memory-pages"] as string | undefined);
    const fuel = values["fuel"] === true;
    const bytes = await readFile(file);
    const prepared = prepareGuard(bytes, { fuel, ...(memoryPages !== undefined && { memoryPages }) });
    await writeFile(target, prepared);
    const { memory, checkpoint } = inspectGuard(prepared);
    const growth = `, with fuel (${Math.round((prepared.length / bytes.length - 1) * 100)} % larger)`;
    const state = checkpoint.possible ? "possible" : `not possible: ${checkpoint.obstacle ?? "see edge-guard inspect"}`;
    out(
      `${printable(target)}: ${prepared.length} bytes, at most ${memory?.maximumPages} pages of memory, checkpoints ${printable(state)}${fuel ? growth : ""}\n`,
    );
    return EXIT.ok;
  },
};

function readPages(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const pages = Number(text);
  if (/^\d+$/.test(text) && pages >= 1 && pages <= 65536) return pages;
  throw new UsageError(`Cannot prepare: --memory-pages must be a whole number from 1 to 65536, got "${text}"`);
}
