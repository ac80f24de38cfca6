// Reads a command's flags; what is not known is answered with what is.
import { parseArgs } from "node:util";

/** One flag of a command. */
export interface Flag {
  readonly type: "string" | "boolean";
  readonly multiple?: true;
  /** One letter: `-o`. */
  readonly short?: string;
  /** How it is written in the help: `--guard <name=path>`. */
  readonly usage: string;
  readonly help: string;
}

export interface Arguments {
  readonly values: Readonly<Record<string, string | boolean | readonly string[] | undefined>>;
  readonly positionals: readonly string[];
}

/** The command line was wrong: shown with the way to the help, exit code 2. */
export class UsageError extends Error {
  override readonly name = "UsageError";
}

/** @throws {UsageError} for flags that are unknown or lack their value */
export function readArguments(
  command: string,
  flags: Readonly<Record<string, Flag>>,
  given: readonly string[],
): Arguments {
  const options = Object.fromEntries(
    Object.entries(flags).map(([name, { type, multiple = false, short }]) => [
      name,
      { type, multiple, ...(short !== undefined && { short }) },
    ]),
  );
  try {
    const { values, positionals } = parseArgs({ args: [...given], options, allowPositionals: true, strict: true });
    return { values: values as Arguments["values"], positionals };
  } catch (error) {
    const { code } = error as { code?: unknown };
    if (typeof code !== "string" || !code.startsWith("ERR_PARSE_ARGS")) throw error;
    const flag = given.find((part) => part.startsWith("-") && !isKnown(part, flags));
    const allowed = Object.keys(flags)
      .map((name) => `--${name}`)
      .join(", ");
    const why = flag === undefined ? (error as Error).message : `unknown flag "${flag}"`;
    throw new UsageError(`Cannot run edge-guard ${command}: ${why}; allowed are ${allowed}`, { cause: error });
  }
}

function isKnown(part: string, flags: Readonly<Record<string, Flag>>): boolean {
  const [name = ""] = part.replace(/^--?/, "").split("=", 1);
  const isShort = Object.values(flags).some(({ short }) => short !== undefined && part.startsWith(`-${short}`));
  return part === "--" || isShort || Object.hasOwn(flags, name);
}

/** The help text of a command. */
export function commandHelp(usage: string, about: string, flags: Readonly<Record<string, Flag>>): string {
  const width = Math.max(...Object.values(flags).map((flag) => flag.usage.length));
  const lines = Object.values(flags).map((flag) => `  ${flag.usage.padEnd(width)}  ${flag.help}`);
  return `Usage: ${usage}\n\n${about}\n\n${lines.join("\n")}\n`;
}
