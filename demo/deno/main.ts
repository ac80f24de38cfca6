// A guarded MCP server on Deno and Deno Deploy: agents' labels in Deno KV, the sample guard, one server behind it.
import { createMonitor, loadGuard, type Mode } from "edge-guard";
import { denoKvAgents } from "edge-guard/deno";
import { bearerTokens, createGuardProxy, type Identity, jsonLines } from "edge-guard/proxy";
import policy from "./policy.json" with { type: "json" };

/** What is used of Deno here, so that this file type-checks beside others. */
declare const Deno: {
  readonly env: { get(name: string): string | undefined };
  openKv(path?: string): Promise<Parameters<typeof denoKvAgents>[0]>;
  serve(options: { port: number; hostname?: string; onListen?: (address: { port: number }) => void }, handler: (request: Request) => Promise<Response>): unknown;
  readFile(path: URL): Promise<Uint8Array<ArrayBuffer>>;
};

const { env } = Deno;
const upstream = env.get("UPSTREAM_URL") ?? "https://api.githubcopilot.com/mcp/";
const mode = env.get("MODE") as Mode | undefined;
const guardFile = new URL(import.meta.resolve(env.get("GUARD") ?? "edge-guard/repo-guard.wasm"));

const guard = await loadGuard(await Deno.readFile(guardFile), { name: "repo-guard" });
const monitor = createMonitor({
  servers: { github: { guard, policy: env.get("POLICY") ?? policy } },
  state: denoKvAgents(await Deno.openKv(env.get("KV_PATH"))),
  ...(mode && { mode }),
});
const proxy = createGuardProxy({
  monitor,
  // { "<token>": { "principal": "…", "agent": "…" } }
  identify: bearerTokens(JSON.parse(env.get("AGENT_TOKENS") ?? "{}") as Record<string, Identity>),
  onEvent: jsonLines((line) => console.log(line)),
  upstreams: {
    github: {
      upstream,
      prefix: "",
      headers: (_identity, request): HeadersInit => {
        const authorization = request.headers.get("x-upstream-authorization") ?? env.get("UPSTREAM_AUTHORIZATION");
        return authorization ? { authorization } : {};
      },
    },
  },
});

const onListen = ({ port }: { port: number }): void => console.log(`Listening on port ${port}`);
Deno.serve({ port: Number(env.get("PORT") ?? 8000), onListen }, (request) => proxy.fetch(request));
