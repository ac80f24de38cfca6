#!/usr/bin/env node
// The command line: picks the command, shows help, turns errors into exit codes.
import { readFile } from "node:fs/promises";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { isGuardError } from "../errors.ts";
import { commandHelp, readArguments, UsageError } from "./arguments.ts";
import { type Command, EXIT } from "./command.ts";
import { inspectCommand } from "./inspect.ts";
import { prepareCommand } from "./prepare.ts";
import { previewCommand } from "./preview.ts";
import { serveCommand } from "./serve.ts";
import { createTerminal, printable, type Terminal } from "./terminal.ts";
import { testCommand } from "./test.ts";

const commands: Readonly<Record<string, Command>> = {
  inspect: inspectCommand,
  prepare: prepareCommand,
  preview: previewCommand,
  serve: serveCommand,
  test: testCommand,
};

function help(): string {
  const width = Math.max(...Object.keys(commands).map((name) => name.length));
  const lines = Object.entries(commands).map(([name, { about }]) => `  ${name.padEnd(width)}  ${about}`);
  return `Usage: edge-guard <command> [flags] [arguments]\n\n${lines.join("\n")}\n\nedge-guard <command> --help shows a command's flags; --version the version.\n`;
}

async function version(): Promise<string> {
  const text = await readFile(new URL("../../package.json", import.meta.url), "utf8");
  return (JSON.parse(text) as { version: string }).version;
}

async function run(given: readonly string[], terminal: Terminal): Promise<number> {
  const [name, ...rest] = given;
  if (name === undefined || name === "--help" || name === "-h" || name === "help") {
    terminal.out(help());
    return name === undefined ? EXIT.cannotRun : EXIT.ok;
  }
  if (name === "--version" || name === "-v") {
    terminal.out(`${await version()}\n`);
    return EXIT.ok;
  }
  const command = Object.hasOwn(commands, name) ? commands[name] : undefined;
  if (command === undefined) {
    const what = name.startsWith("-") ? "flag" : "command";
    const allowed = what === "flag" ? "--help, --version" : Object.keys(commands).join(", ");
    throw new UsageError(`Cannot run edge-guard: unknown ${what} "${name}"; allowed are ${allowed}`);
  }
  const args = readArguments(name, command.flags, rest);
  if (args.values["help"] === true) {
    terminal.out(commandHelp(command.usage, command.about, command.flags));
    return EXIT.ok;
  }
  const ownGuards = fileURLToPath(new URL("../guards/", import.meta.url));
  return command.run(args, terminal, { ownGuards });
}

const terminal = createTerminal();
try {
  process.exitCode = await run(process.argv.slice(2), terminal);
} catch (error) {
  const isExpected =
    error instanceof UsageError || isGuardError(error) || typeof (error as { code?: unknown })?.code === "string";
  const text = error instanceof Error ? (isExpected ? error.message : (error.stack ?? error.message)) : String(error);
  terminal.error(text.split("\n").map(printable).join("\n"));
  process.exitCode = EXIT.cannotRun;
}
