// Finds the guards that a scenario names: by --guard, beside the scenario, in --guards folders, among the package's own.
import { readFile } from "node:fs/promises";
import { dirname } from "node:path";
import { findGuardFile } from "../adapters/node.ts";
import type { PreviewOptions } from "../monitor/preview.ts";
import { type Arguments, UsageError } from "./arguments.ts";
import type { Surroundings } from "./command.ts";
import { printable } from "./terminal.ts";

/** The `guards` option of a preview of this file. */
export function guardFinder(
  file: string,
  { values }: Arguments,
  { ownGuards }: Surroundings,
): NonNullable<PreviewOptions["guards"]> {
  const byName = new Map<string, string>();
  for (const pair of (values["guard"] ?? []) as readonly string[]) {
    const [, name, path] = /^([^=]+)=(.+)$/s.exec(pair) ?? [];
    if (name === undefined || path === undefined) {
      throw new UsageError(`Cannot use --guard ${pair}: it must be "name=path"`);
    }
    byName.set(name, path);
  }
  const folders = [dirname(file), ...((values["guards"] ?? []) as readonly string[]), ownGuards];
  return async (name) => {
    const path = byName.get(name) ?? byName.get(name.replace(/\.wasm$/, ""));
    const bytes = path === undefined ? await findGuardFile(name, folders) : await readFile(path);
    if (bytes !== undefined) return bytes;
    throw new UsageError(
      `Cannot find the guard "${printable(name)}": looked in ${folders.join(", ")}; say where it is with --guard ${printable(name)}=<path>`,
    );
  };
}
