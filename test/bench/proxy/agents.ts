// The agents that call: each waits for its answer, and for its turn where there is one, and calls again. Node's own client, so that little of the time is theirs.
import { Agent, request } from "node:http";
import { tokenOf } from "./tokens.ts";

const BODY = Buffer.from(
  JSON.stringify({
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
  }),
);

export interface Agents {
  /**
   * How long each of so many calls of each agent took, in milliseconds, and all of them together, in seconds. `perSecond`: the calls of all
   * come at this rate, one after the other; without it no agent pauses. A call that begins late, because the one before it has not
   * ended, counts from when it was due.
   */
  call(url: string, agents: number, calls: number, perSecond?: number): Promise<{ times: number[]; seconds: number }>;
  close(): void;
}

export function createAgents(): Agents {
  const connections = new Agent({ keepAlive: true });
  const one = (url: string, agent: number, started: number): Promise<number> =>
    new Promise((resolve, reject) => {
      const headers = {
        "content-type": "application/json",
        "content-length": BODY.length,
        accept: "application/json, text/event-stream",
        authorization: `Bearer ${tokenOf(agent)}`,
        "mcp-protocol-version": "2026-07-28",
        "mcp-method": "tools/call",
        "mcp-name": "list_issues",
      };
      const sent = request(url, { method: "POST", agent: connections, headers }, (response) => {
        const parts: Buffer[] = [];
        response.on("data", (part) => parts.push(part));
        response.on("error", reject);
        response.on("end", () => {
          const took = performance.now() - started;
          const text = Buffer.concat(parts);
          if (response.statusCode === 200 && text.includes("Issue 1")) resolve(took);
          else reject(new Error(`The call failed: HTTP ${response.statusCode} ${text.subarray(0, 300)}`));
        });
      });
      sent.on("error", reject);
      sent.end(BODY);
    });
  return {
    async call(url, agents, calls, perSecond) {
      const began = performance.now();
      const taken = await Promise.all(
        Array.from({ length: agents }, async (_, agent) => {
          const own: number[] = [];
          for (let turn = 0; turn < calls; turn++) {
            const due = perSecond === undefined ? 0 : began + ((turn * agents + agent) * 1000) / perSecond;
            const early = due - performance.now();
            if (early > 0) await new Promise((resolve) => setTimeout(resolve, early));
            const isLate = perSecond !== undefined && early < 0 && turn > 0;
            own.push(await one(url, agent, isLate ? due : performance.now()));
          }
          return own;
        }),
      );
      return { times: taken.flat(), seconds: (performance.now() - began) / 1000 };
    },
    close: () => connections.destroy(),
  };
}
