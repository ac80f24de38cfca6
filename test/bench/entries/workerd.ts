// The contenders in a Worker's handler. A Worker has no clock that moves while it computes, so one request is one batch, timed by who sends it.
import type { Environment, Group, Rivals } from "../environment.ts";
import { reasonOf, repeat } from "../measure.ts";
import { questions } from "../questions.ts";

export interface Deployed {
  /** Guards and rivals' guests as they are, by name. */
  readonly modules: Readonly<Record<string, WebAssembly.Module>>;
  /** Guards as `edge-guard prepare` makes them. */
  readonly prepared: Readonly<Record<string, WebAssembly.Module>>;
  readonly scenarios: Readonly<Record<string, unknown>>;
  readonly rivals: Rivals;
}

/** What the driver asks for. Without `group` it wants to know the groups; without `calls` the contender is made ready. */
export interface Ask {
  readonly question: string;
  readonly quick: boolean;
  readonly group?: number;
  readonly contender?: number;
  readonly calls?: number;
}

export type Told = Omit<Group, "contenders"> & { readonly contenders: readonly string[] };

function found<T>(table: Readonly<Record<string, T>>, name: string): T {
  if (!Object.hasOwn(table, name)) throw new Error(`"${name}" was not deployed`);
  return table[name]!;
}

export function createHandler(deployed: Deployed): { fetch(request: Request): Promise<Response> } {
  const environmentOf = (quick: boolean): Environment => ({
    name: "workerd",
    quick,
    guard: async () => {
      throw new Error("a Worker compiles no bytes");
    },
    source: async (name) => found(deployed.prepared, name),
    module: async (name) => found(deployed.modules, name),
    scenario: async (name) => found(deployed.scenarios, name),
    rivals: async () => deployed.rivals,
  });
  const groups = new Map<string, Group[]>();
  const bodies = new Map<string, () => unknown>();

  async function answer({ question, quick, group, contender = 0, calls }: Ask): Promise<unknown> {
    if (!groups.has(question)) {
      groups.set(question, [...((await questions[question]?.groups?.(environmentOf(quick))) ?? [])]);
    }
    const all = groups.get(question)!;
    if (group === undefined) {
      return all.map((item): Told => ({ ...item, contenders: item.contenders.map(({ name }) => name) }));
    }
    const key = `${question} ${group} ${contender}`;
    if (calls === undefined) {
      bodies.set(key, await all[group]!.contenders[contender]!.start());
      return {};
    }
    await repeat(bodies.get(key) ?? (() => {}), calls);
    return {};
  }

  return {
    async fetch(request): Promise<Response> {
      try {
        return Response.json(await answer((await request.json()) as Ask));
      } catch (error) {
        return Response.json({ failed: reasonOf(error) });
      }
    },
  };
}
