// The protocol's reference server (@modelcontextprotocol/server-everything) as a process of its own, and a relay that writes down what it was sent.
import { spawn } from "node:child_process";
import { createServer, request } from "node:http";
import { createRequire } from "node:module";
import type { AddressInfo } from "node:net";

export const everythingScript: string = createRequire(`${process.env["EDGE_GUARD_ROOT"]!}/`).resolve(
  "@modelcontextprotocol/server-everything/dist/index.js",
);

/** What every test finds among the server's variables; names that begin with VAULT_ are secret to the guard. */
export const VARIABLES = { OPEN_NOTE: "open words", VAULT_KEY: "FORBIDDEN", VAULT_SEED: "FORBIDDEN too" };

export interface Everything {
  readonly url: string;
  /** The JSON-RPC methods that reached the server, in order; for tools/call with the tool's name. */
  readonly seen: string[];
  close(): Promise<void>;
}

export async function everything(): Promise<Everything> {
  const port = await freePort();
  const child = spawn(process.execPath, [everythingScript, "streamableHttp"], {
    env: { ...VARIABLES, PATH: process.env["PATH"], PORT: String(port) },
    stdio: ["ignore", "ignore", "pipe"],
  });
  await new Promise<void>((resolve, reject) => {
    let said = "";
    child.on("error", reject);
    child.on("exit", (code) => reject(new Error(`The reference server ended with ${code}: ${said}`)));
    child.stderr.on("data", (data) => {
      said += data;
      if (said.includes("listening")) resolve();
    });
  });
  const seen: string[] = [];
  const relay = createServer((incoming, outgoing) => {
    const parts: Buffer[] = [];
    const { method, headers, url: path } = incoming;
    const onward = request({ port, host: "127.0.0.1", method, headers, path }, (answer) => {
      outgoing.writeHead(answer.statusCode!, answer.headers);
      outgoing.flushHeaders();
      answer.pipe(outgoing);
    });
    onward.on("error", () => outgoing.destroy());
    outgoing.on("close", () => onward.destroy());
    incoming.on("data", (part) => parts.push(part));
    incoming.on("end", () => {
      const text = Buffer.concat(parts).toString();
      if (text !== "") {
        const message = JSON.parse(text) as { method?: string; params?: { name?: string } };
        seen.push([message.method, message.params?.name].filter((part) => part !== undefined).join(" "));
      }
      onward.end(text);
    });
  });
  await new Promise<void>((resolve) => relay.listen(0, "127.0.0.1", resolve));
  return {
    url: `http://127.0.0.1:${(relay.address() as AddressInfo).port}/mcp`,
    seen,
    async close() {
      relay.close();
      relay.closeAllConnections();
      const ended = new Promise((resolve) => child.on("exit", resolve));
      child.kill("SIGKILL");
      await ended;
    },
  };
}

async function freePort(): Promise<number> {
  const probe = createServer();
  await new Promise<void>((resolve) => probe.listen(0, "127.0.0.1", resolve));
  const { port } = probe.address() as AddressInfo;
  await new Promise((resolve) => probe.close(resolve));
  return port;
}
