// edge-guard serve: the guarded proxy on this machine.
import { randomBytes } from "node:crypto";
import { readFile, writeFile } from "node:fs/promises";
import { basename } from "node:path";
import process from "node:process";
import { loadGuardFile } from "../adapters/node.ts";
import { nodeFetch } from "../adapters/node-fetch.ts";
import { serveHttp } from "../adapters/node-http.ts";
import type { Mode } from "../difc/labels.ts";
import { createMonitor } from "../monitor/monitor.ts";
import { parsePolicy } from "../policy/parse.ts";
import { httpUpstream } from "../proxy/http-upstream.ts";
import { bearerTokens } from "../proxy/identify.ts";
import { jsonLines } from "../proxy/json-lines.ts";
import { createGuardProxy } from "../proxy/proxy.ts";
import { withheldReport } from "../proxy/withheld-report.ts";
import { type Arguments, UsageError } from "./arguments.ts";
import { type Command, EXIT, helpFlag } from "./command.ts";
import { createRecording } from "./recording.ts";
import { stdioUpstream } from "./stdio-upstream.ts";
import { printable } from "./terminal.ts";

const MODES = ["strict", "filter", "propagate"];

export const serveCommand: Command = {
  usage: "edge-guard serve --upstream <url> --policy <policy.json> [flags]",
  about: "Puts a guard before an MCP server: agents on this machine call it instead of the server.",
  flags: {
    upstream: { type: "string", usage: "--upstream <url>", help: "The server's address." },
    "upstream-stdio": { type: "string", usage: "--upstream-stdio <command>", help: "Or the command that starts it." },
    header: {
      type: "string",
      multiple: true,
      usage: "--header <name: value>",
      help: "Sent to the server with every request. May be repeated. $NAME stands for an environment variable.",
    },
    policy: { type: "string", usage: "--policy <policy.json>", help: "What agents may see and do." },
    guard: {
      type: "string",
      usage: "--guard <guard.wasm>",
      help: "The guard. Default: the one that comes with the package.",
    },
    mode: { type: "string", usage: "--mode <mode>", help: "strict, filter or propagate. Default: the guard's." },
    port: { type: "string", usage: "--port <number>", help: "Default: 8931; 0 lets the system choose." },
    token: {
      type: "string",
      multiple: true,
      usage: "--token <agent=token>",
      help: "Lets an agent in, as a bearer token. May be repeated. Default: one agent with a token made now.",
    },
    log: { type: "boolean", usage: "--log", help: "Writes each call and each withheld item as a line of JSON." },
    "log-tags": {
      type: "boolean",
      usage: "--log-tags",
      help: "With tags, descriptions and reasons, which name private things.",
    },
    record: {
      type: "string",
      usage: "--record <session.json>",
      help: "Writes what agents asked and servers answered, whole, as a scenario, when it ends: for edge-guard preview --why.",
    },
    help: helpFlag,
  },
  async run(given, terminal, { ownGuards }) {
    const { upstream, policy, guard: guardPath, mode } = texts(given, ["upstream", "policy", "guard", "mode"]);
    const {
      "upstream-stdio": command,
      port: portText = "8931",
      record,
    } = texts(given, ["upstream-stdio", "port", "record"]);
    if ((upstream === undefined) === (command === undefined)) {
      throw new UsageError("Cannot serve: name the server with --upstream or --upstream-stdio, one of the two");
    }
    if (policy === undefined) throw new UsageError("Cannot serve: say what agents may see and do with --policy");
    if (mode !== undefined && !MODES.includes(mode)) {
      throw new UsageError(`Cannot serve: --mode must be ${MODES.join(", ")}, got "${printable(mode)}"`);
    }
    const port = Number(portText);
    if (!Number.isInteger(port) || port < 0 || port > 65535) {
      throw new UsageError(`Cannot serve: --port must be a number from 0 to 65535, got "${printable(portText)}"`);
    }
    const headers = readHeaders((given.values["header"] ?? []) as readonly string[]);
    const tokens = readTokens((given.values["token"] ?? []) as readonly string[]);
    const made = Object.keys(tokens).length === 0 ? randomBytes(24).toString("base64url") : undefined;
    if (made !== undefined) tokens[made] = { principal: "local", agent: "default" };

    const parsed = await readFile(policy, "utf8");
    // An output channel needs no guard: its policy says it all.
    const needsGuard = parsePolicy(parsed).kind !== "write-sink";
    const guard = needsGuard ? await loadGuardFile(guardPath ?? `${ownGuards}/repo-guard.wasm`) : undefined;
    const monitor = createMonitor({
      servers: { upstream: { ...(guard && { guard }), policy: parsed } },
      ...(mode !== undefined && { mode: mode as Mode }),
    });
    const guardName = needsGuard ? basename(guardPath ?? "repo-guard.wasm") : undefined;
    const recording =
      record === undefined ? undefined : createRecording({ guard: guardName, policy: JSON.parse(parsed), mode });
    const report = withheldReport();
    const log = jsonLines((line) => terminal.out(`${line}\n`), {
      tags: given.values["log-tags"] === true ? "full" : "counted",
    });
    const program = command === undefined ? undefined : stdioUpstream(command);
    const hosts: string[] = [];
    const proxy = createGuardProxy({
      monitor,
      identify: bearerTokens(tokens),
      upstreams: {
        upstream: { upstream: program ?? httpUpstream(upstream!, { fetch: nodeFetch() }), prefix: "", headers },
      },
      hosts,
      onExchange: recording?.onExchange,
      onEvent(event) {
        report.onEvent(event);
        if (given.values["log"] === true || given.values["log-tags"] === true) log(event);
      },
    });
    const server = await serveHttp((request) => proxy.fetch(request), { host: "127.0.0.1", port });
    // Other names that lead here are a web page's way in (DNS rebinding).
    hosts.push(`127.0.0.1:${server.port}`, `localhost:${server.port}`);
    const credentials = made === undefined ? "" : `Authorization: Bearer ${made}\n`;
    terminal.out(`Guarding ${printable(command ?? upstream!)} at http://127.0.0.1:${server.port}/mcp\n${credentials}`);
    await new Promise<void>((resolve) => {
      process.once("SIGINT", resolve);
      process.once("SIGTERM", resolve);
    });
    await server.close();
    await proxy.close();
    await program?.close?.();
    await monitor.close();
    await guard?.close();
    const names = record === undefined ? [] : await writeSession(record, recording!.scenarios());
    terminal.out(`${report.text().split("\n").map(printable).join("\n")}\n`);
    for (const name of names) {
      terminal.out(`Try other policies on it: edge-guard preview --why ${printable(name)}${guardHint(guardPath)}\n`);
    }
    return EXIT.ok;
  },
};

/** Everything secret is in it, so nobody but the owner may read it. Several agents: several files. */
async function writeSession(file: string, scenarios: readonly object[]): Promise<string[]> {
  const names = scenarios.map((_, index) => (index === 0 ? file : file.replace(/(\.json)?$/, `-${index + 1}$1`)));
  for (const [index, scenario] of scenarios.entries()) {
    await writeFile(names[index]!, `${JSON.stringify(scenario, null, 2)}\n`, { mode: 0o600 });
  }
  return names;
}

function guardHint(guardPath: string | undefined): string {
  return guardPath === undefined ? "" : ` --guard ${printable(`${basename(guardPath)}=${guardPath}`)}`;
}

function texts<Name extends string>({ values }: Arguments, names: readonly Name[]): Partial<Record<Name, string>> {
  return Object.fromEntries(
    names.flatMap((name) => (typeof values[name] === "string" ? [[name, values[name]]] : [])),
  ) as never;
}

/** A secret in an environment variable does not stand in the list of processes. */
function readHeaders(given: readonly string[]): Record<string, string> {
  const headers: Record<string, string> = {};
  for (const header of given) {
    const [, name, value] = /^([\w-]+):\s*(.+)$/.exec(header) ?? [];
    if (name === undefined || value === undefined) {
      throw new UsageError(`Cannot use --header: it must be "name: value"`);
    }
    headers[name] = value.replace(/\$(\w+)/g, (_, variable: string) => {
      const found = process.env[variable];
      if (found === undefined) throw new UsageError(`Cannot use --header ${name}: the environment has no ${variable}`);
      return found;
    });
  }
  return headers;
}

function readTokens(given: readonly string[]): Record<string, { principal: string; agent: string }> {
  return Object.fromEntries(
    given.map((pair) => {
      const [, agent, token] = /^([^=]+)=(.{16,})$/.exec(pair) ?? [];
      if (agent === undefined || token === undefined) {
        throw new UsageError(`Cannot use --token: it must be "agent=token" with a token of at least 16 characters`);
      }
      return [token, { principal: "local", agent }];
    }),
  );
}
