// A web site that can be slow, unreachable or forgetful: pages with the library, guards with the headers of choice, and a count of requests.
import { readFile } from "node:fs/promises";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { build } from "esbuild";

export const root: string = process.env["EDGE_GUARD_ROOT"]!;

/** Bundles a fixture beside this file with the package, as an application would. */
export async function bundle(fixture: string, platform: "browser" | "neutral" = "browser"): Promise<string> {
  const { outputFiles } = await build({
    absWorkingDir: root,
    entryPoints: [`test/e2e/cache/${fixture}`],
    bundle: true,
    write: false,
    minify: true,
    format: "esm",
    platform,
    mainFields: ["module", "main"],
    conditions: ["import"],
    target: "es2022",
    external: ["*.wasm", "node:*"],
    logLevel: "error",
  });
  return outputFiles[0]!.text;
}

export interface File {
  readonly body: Uint8Array | string;
  readonly type: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** Without a length. */
  readonly chunked?: boolean;
}

export interface Site {
  readonly url: string;
  /** By path. Changes take effect at once. */
  readonly files: Map<string, File>;
  /** The paths that were asked for, in order, with the status that was answered. */
  readonly requests: { readonly path: string; readonly status: number }[];
  /** How often a path was asked for. */
  count(path: string): number;
  /** Paths for which the connection is cut. */
  readonly down: Set<string>;
  /** The link: milliseconds before the first byte, bits per second. Applies to guards only, so that the pages' own scripts do not count. */
  link: { latency: number; bits: number } | undefined;
  close(): Promise<void>;
}

/** The policy of a careful site: own scripts only, WebAssembly allowed, nothing inline. */
export const contentPolicy =
  "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; connect-src 'self'; worker-src 'self'; base-uri 'none'";

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

async function throttled(response: ServerResponse, body: Uint8Array, bits: number): Promise<void> {
  const started = performance.now();
  const step = 16 * 1024;
  for (let sent = 0; sent < body.length && !response.destroyed; sent += step) {
    const due = started + ((sent + step) * 8000) / bits;
    response.write(body.subarray(sent, sent + step));
    const early = due - performance.now();
    if (early > 1) await pause(early);
  }
  response.end();
}

/** Starts a site on a free port, with the page and the service worker at its root. */
export async function startSite(): Promise<Site> {
  const html = { type: "text/html; charset=utf-8", headers: { "content-security-policy": contentPolicy } };
  const script = { type: "text/javascript; charset=utf-8" };
  const page = '<!doctype html><title>Cache</title><script type="module" src="/page.js"></script>';
  const files = new Map<string, File>([
    ["/", { ...html, body: page }],
    // The same page, which may ask other origins.
    ["/open", { ...html, body: page, headers: {} }],
    // The same page with an origin of its own: every kind of storage is refused there.
    ["/sandboxed", { ...html, body: page, headers: { "content-security-policy": "sandbox allow-scripts" } }],
    ["/page.js", { ...script, body: await bundle("page.ts") }],
    ["/service-worker.js", { ...script, body: await readFile(`${root}dist/web/service-worker.js`) }],
  ]);
  const requests: { path: string; status: number }[] = [];
  const down = new Set<string>();

  const answer = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const { pathname: path } = new URL(request.url ?? "/", "http://site");
    if (down.has(path)) {
      requests.push({ path, status: 0 });
      request.socket.destroy();
      return;
    }
    const file = files.get(path);
    const headers = { "access-control-allow-origin": "*", ...file?.headers };
    const { etag } = headers as { etag?: string };
    const known = etag !== undefined && request.headers["if-none-match"] === etag;
    const status = file === undefined ? 404 : known ? 304 : 200;
    requests.push({ path, status });
    const slow = path.endsWith(".wasm") ? site.link : undefined;
    if (slow) await pause(slow.latency);
    if (file === undefined || known) return void response.writeHead(status, headers).end();
    const body = typeof file.body === "string" ? Buffer.from(file.body) : file.body;
    const length = file.chunked ? {} : { "content-length": body.length };
    response.writeHead(status, { "content-type": file.type, ...length, ...headers });
    if (slow) await throttled(response, body, slow.bits);
    else response.end(body);
  };
  const server = createServer((request, response) => void answer(request, response));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));

  const site: Site = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`,
    files,
    requests,
    count: (path) => requests.filter((request) => request.path === path).length,
    down,
    link: undefined,
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
  return site;
}

export const guardFile = (body: Uint8Array, headers: Readonly<Record<string, string>> = {}, chunked = false): File => ({
  body,
  type: "application/wasm",
  headers,
  chunked,
});
