// Bodies that are UTF-8 and bodies that are not, towards the proxy and from a server, of a declared length and in pieces.
import bodies from "../vectors/proxy/bodies.json" with { type: "json" };
import { equal, ok } from "./assert.ts";
import { answerOf, clientRequest, type ProxyLibrary, testProxy } from "./proxy.ts";
import type { Library, Runner } from "./suite.ts";

const PLACE = "PLACE";

/** The text as bytes, with others in place of {@link PLACE}. */
function bytesOf(text: string, hex: string): Uint8Array<ArrayBuffer> {
  const [before = "", after = ""] = text.split(PLACE).map((part) => new TextEncoder().encode(part));
  const middle = (hex.match(/../g) ?? []).map((digits) => Number.parseInt(digits, 16));
  return Uint8Array.from([...before, ...middle, ...after]);
}

export function proxyBodySuite(runner: Runner, library: Library, proxies: ProxyLibrary): void {
  for (const { name, hex, fault = false } of bodies.cases as { name: string; hex: string; fault?: boolean }[]) {
    const said = fault ? undefined : new TextDecoder().decode(bytesOf(PLACE, hex));
    for (const isDeclared of [true, false]) {
      const how = `${name}, ${isDeclared ? "of a declared length" : "without a length"}`;

      runner.test(`proxy, a request's body: ${how}`, async () => {
        const { proxy, server } = testProxy(library, proxies);
        const made = clientRequest(
          { method: "tools/call", params: { name: "get_open", arguments: { region: PLACE } } },
          "modern",
        );
        const bytes = bytesOf(await made.text(), hex);
        const headers = new Headers(made.headers);
        if (isDeclared) headers.set("content-length", String(bytes.length));
        const { response } = await answerOf(proxy, new Request(made.url, { method: "POST", headers, body: bytes }));
        equal(response.status, fault ? 400 : 200, "Status");
        const call = server.seen.find(({ method }) => method === "tools/call");
        equal((call?.params["arguments"] as { region?: string } | undefined)?.region, said, "What the server is asked");
        await proxy.close();
      });

      runner.test(`proxy, a server's body: ${how}`, async () => {
        const { server } = testProxy(library, proxies);
        const fetch = async (url: string, init: RequestInit): Promise<Response> => {
          const { method, id } = JSON.parse(String(init.body)) as { method: string; id?: number };
          if (method !== "tools/call") return server.fetch(url, init);
          const result = { resultType: "complete", content: [{ type: "text", text: PLACE }] };
          const bytes = bytesOf(JSON.stringify({ jsonrpc: "2.0", id, result }), hex);
          const length: Record<string, string> = isDeclared ? { "content-length": String(bytes.length) } : {};
          return new Response(bytes, { headers: { "content-type": "application/json", ...length } });
        };
        const upstream = proxies.httpUpstream("https://mcp.example/mcp", { fetch });
        const { proxy } = testProxy(library, proxies, {}, { upstreams: { notes: { upstream, prefix: "" } } });
        const call = clientRequest({ method: "tools/call", params: { name: "get_open" } }, "modern");
        const { text, message } = await answerOf(proxy, call);
        const { result } = message as { result?: { isError?: boolean; content?: { text?: string }[] } };
        equal(result?.isError === true, fault, `An error: ${text}`);
        if (fault) ok(result?.content?.[0]?.text?.includes("withheld"), `It is withheld: ${text}`);
        else equal(result?.content?.[0]?.text, said, "What the agent is told");
        await proxy.close();
      });
    }
  }
}
