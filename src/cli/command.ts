// What the commands of the command line have in common.
import type { Arguments, Flag } from "./arguments.ts";
import type { Terminal } from "./terminal.ts";

export interface Command {
  /** `edge-guard preview <scenario.json>` */
  readonly usage: string;
  /** One sentence. */
  readonly about: string;
  readonly flags: Readonly<Record<string, Flag>>;
  /** Resolves to the exit code. */
  run(given: Arguments, terminal: Terminal, surroundings: Surroundings): Promise<number>;
}

export interface Surroundings {
  /** The folder of the guards that come with the package. */
  readonly ownGuards: string;
}

export const EXIT = { ok: 0, failed: 1, cannotRun: 2 } as const;

export const helpFlag: Flag = { type: "boolean", usage: "--help", help: "Shows this text." };

export const guardFlags: Readonly<Record<string, Flag>> = {
  guard: {
    type: "string",
    multiple: true,
    usage: "--guard <name=path>",
    help: "The file of a guard that scenarios call by this name. May be repeated.",
  },
  guards: {
    type: "string",
    multiple: true,
    usage: "--guards <folder>",
    help: "Where guards are looked for, after the scenario's own folder and before the package's. May be repeated.",
  },
};
