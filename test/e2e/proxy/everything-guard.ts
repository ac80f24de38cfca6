// A guard for the reference server's tools: variables of its environment are the items of a list, some are secret, echo is a write.
import type { Guard, ResponseLabels } from "edge-guard";

const OPEN = { secrecy: [], integrity: ["approved"] };
const SECRET = { secrecy: ["private:vault"], integrity: ["approved"] };

export function everythingGuard(mode: "filter" | "propagate"): Guard {
  return {
    name: "everything",
    labelAgent: async () => ({ agent: { secrecy: [], integrity: ["approved"] }, mode }),
    labelResource: async ({ tool }) => ({
      description: `tool:${tool}`,
      // A list of mixed items has the labels of its most secret one.
      ...(tool === "get-env" ? SECRET : OPEN),
      operation: tool === "echo" ? "write" : "read",
    }),
    labelResponse: async ({ tool }, result): Promise<ResponseLabels | null> => {
      if (tool !== "get-env") return null;
      const items = Object.entries(result as Record<string, string>).map(([name, value]) => ({
        data: { name, value },
        labels: { description: `variable:${name}`, ...(name.startsWith("VAULT_") ? SECRET : OPEN) },
      }));
      return { items };
    },
    close: async () => {},
  };
}

export const TOKEN = "token-of-the-everything-tests";

/** Who may call: many agents of one principal, told apart by the token's end. */
export function identify(request: Request): { principal: string; agent: string } | null {
  const [, agent] =
    /^Bearer token-of-the-everything-tests\.([\w.-]+)$/.exec(request.headers.get("authorization") ?? "") ?? [];
  return agent === undefined ? null : { principal: "team", agent };
}
