// What the guarded proxy costs against a plain one that hands every byte on: 30-item lists, loopback and 30 ms servers, 1, 16 and 64 agents.
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { serveHttp } from "../../src/adapters/node-http.ts";
import { createMonitor, loadGuard } from "../../src/index.ts";
import { bearerTokens, createGuardProxy } from "../../src/proxy/index.ts";
import type { Environment, Row } from "./environment.ts";
import { ratio } from "./row.ts";

const ITEMS = 30;
const ROUNDS = 5;
const POLICY = {
  "allow-only": { repos: "public", "min-integrity": "approved" },
};
const tokenOf = (agent: number): string => `token-of-agent-${agent}-padding`;
const TOKENS = Object.fromEntries(
  Array.from({ length: 64 }, (_, agent) => [tokenOf(agent), { principal: "team", agent: `${agent}` }]),
);

function issue(number: number): object {
  const body = "Steps to reproduce: build, start, look at the page. Expected a table, got an empty one.\n".repeat(4);
  return {
    ...{
      number,
      title: `Issue ${number}`,
      body,
      author_association: number % 3 === 0 ? "NONE" : "MEMBER",
      comments: number % 5,
    },
    user: { login: `user${number}` },
    html_url: `https://github.com/acme/site/issues/${number}`,
  };
}

/** A server of 2026-07-28 that answers with the same list each time, after `delay` milliseconds. */
async function startServer(delay: number): Promise<{ url: string; close(): void }> {
  const list = JSON.stringify(Array.from({ length: ITEMS }, (_, number) => issue(number)));
  const server = createServer(async (request, response) => {
    let text = "";
    for await (const piece of request) text += piece;
    const { id, method, params } = JSON.parse(text);
    const isQuestion = params?.name === "get_repository";
    const content = [
      {
        type: "text",
        text: isQuestion ? '{"full_name":"acme/site","private":false}' : list,
      },
    ];
    const described = {
      supportedVersions: ["2026-07-28"],
      capabilities: { tools: {} },
      ttlMs: 0,
      cacheScope: "private",
    };
    const result = {
      resultType: "complete",
      ...(method === "server/discover" ? described : { content }),
    };
    const answer = JSON.stringify({ jsonrpc: "2.0", id, result });
    if (delay > 0) await new Promise((resolve) => setTimeout(resolve, delay));
    response.writeHead(200, { "content-type": "application/json" }).end(answer);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/mcp`,
    close: () => server.close(),
  };
}

const body = JSON.stringify({
  jsonrpc: "2.0",
  id: 1,
  method: "tools/call",
  params: {
    name: "list_issues",
    arguments: { owner: "acme", repo: "site" },
    _meta: {
      "io.modelcontextprotocol/protocolVersion": "2026-07-28",
      "io.modelcontextprotocol/clientCapabilities": {},
    },
  },
});

async function call(url: string, agent: number): Promise<number> {
  const headers = {
    "content-type": "application/json",
    accept: "application/json, text/event-stream",
    authorization: `Bearer ${tokenOf(agent)}`,
    ...{
      "mcp-protocol-version": "2026-07-28",
      "mcp-method": "tools/call",
      "mcp-name": "list_issues",
    },
  };
  const started = performance.now();
  const response = await fetch(url, { method: "POST", headers, body });
  const text = await response.text();
  if (!response.ok || !text.includes("Issue 1"))
    throw new Error(`The call failed: ${response.status} ${text.slice(0, 300)}`);
  return performance.now() - started;
}

interface Latency {
  readonly p50: number;
  readonly p99: number;
}

/** Both proxies by turns, so that what the machine does besides hits both. */
async function compare(urls: readonly [string, string], agents: number, calls: number): Promise<[Latency, Latency]> {
  const times: [number[], number[]] = [[], []];
  for (let round = 0; round <= ROUNDS; round++) {
    for (const which of [0, 1] as const) {
      const taken = await Promise.all(
        Array.from({ length: agents }, async (_, agent) => {
          const own: number[] = [];
          for (let index = 0; index < calls; index++) own.push(await call(urls[which], agent));
          return own;
        }),
      );
      if (round > 0) times[which].push(...taken.flat());
    }
  }
  const at = (sorted: readonly number[], part: number): number =>
    sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))]!;
  return times.map((list) => {
    const sorted = list.sort((a, b) => a - b);
    return { p50: at(sorted, 0.5), p99: at(sorted, 0.99) };
  }) as [Latency, Latency];
}

export async function bench({ guard: load, name }: Environment): Promise<Row[]> {
  if (name !== "node") return [];
  const rows: Row[] = [];
  const guard = await loadGuard(await load("repo-guard"), {
    name: "repo-guard",
  });
  for (const delay of [0, 30]) {
    const server = await startServer(delay);
    const labelled: number[] = [];
    const monitor = createMonitor({
      servers: { github: { guard, policy: POLICY } },
      onEvent(event) {
        if (event.type === "outcome")
          labelled.push(event.outcome.trace[1]!.milliseconds + event.outcome.trace[4]!.milliseconds);
      },
    });
    const proxy = createGuardProxy({
      upstream: server.url,
      monitor,
      identify: bearerTokens(TOKENS),
    });
    const guarded = await serveHttp((request) => proxy.fetch(request), {
      host: "127.0.0.1",
      port: 0,
    });
    const plain = await serveHttp(
      async (request) => {
        const {
          status,
          headers,
          body: stream,
        } = await fetch(server.url, {
          method: "POST",
          headers: request.headers,
          body: await request.arrayBuffer(),
        });
        return new Response(stream, {
          status,
          headers: { "content-type": headers.get("content-type") ?? "" },
        });
      },
      { host: "127.0.0.1", port: 0 },
    );
    const urls = [guarded, plain].map(({ port }) => `http://127.0.0.1:${port}/mcp`) as [string, string];
    for (const agents of [1, 16, 64]) {
      labelled.length = 0;
      const [ours, theirs] = await compare(urls, agents, agents === 1 ? 60 : agents === 16 ? 12 : 4);
      const label = labelled.sort((a, b) => a - b)[labelled.length >> 1] ?? 0;
      const where = `${delay} ms server, ${agents} agents`;
      const note = `${ours.p50.toFixed(2)} ms, plain ${theirs.p50.toFixed(2)} ms, labels ${label.toFixed(2)} ms`;
      const less = agents === 1 ? label : 0;
      rows.push(
        ratio(
          `guarded proxy, ${where}, p50`,
          ours.p50,
          theirs.p50,
          delay > 0 && agents === 1 ? { atMost: 1.1 } : {},
          note,
        ),
      );
      if (less > 0)
        rows.push(
          ratio(
            `guarded proxy, ${where}, p50 less labels`,
            ours.p50 - less,
            theirs.p50,
            delay === 0 ? { atMost: 1.5 } : {},
          ),
        );
      rows.push(ratio(`guarded proxy, ${where}, p99`, ours.p99, theirs.p99));
    }
    await Promise.all([guarded.close(), plain.close()]);
    await proxy.close();
    await monitor.close();
    server.close();
  }
  await guard.close();
  return rows;
}
