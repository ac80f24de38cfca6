// Random sessions: calls, faults, forks, aborts in any order. What they come to must not depend on language or suspension.
import type { Backend, GuardError, WasmGuard } from "edge-guard";
import type { Session, Users } from "./toolchain-session.ts";

/** Numbers from 0 to `below` - 1, the same ones for the same seed (a linear congruential generator). */
function generator(seed: number): (below: number) => number {
  let state = seed >>> 0;
  return (below) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}

const logins = Array.from({ length: 24 }, (_, index) => `${index % 5 === 0 ? "ünï" : "user"}-${index}`);

/** A third of the users are members, a third visitors with long answers, a third unknown to the backend. */
export const crowd: Users = Object.fromEntries(
  logins.map((login, index) => [
    login,
    index % 3 === 0 ? { role: "member" } : index % 3 === 1 ? { role: "visitor", biography: index * 40 } : null,
  ]),
);

const silent: Backend = { name: "silent", callTool: () => new Promise(() => {}) };

async function outcome(action: Promise<unknown>): Promise<unknown> {
  try {
    return await action;
  } catch (error) {
    return (error as GuardError).code;
  }
}

/** Plays a session; gives what every call came to, with the number of its log lines. */
export async function randomSession(session: Session, seed: number, steps: number): Promise<unknown[]> {
  const pick = generator(seed);
  const transcript: unknown[] = [];
  let { guard } = session;
  const someIssues = (): unknown[] =>
    Array.from({ length: pick(12) }, (_, index) => ({
      number: index,
      user: pick(8) === 0 ? null : { login: logins[pick(logins.length)] },
      author_association: ["OWNER", "NONE", "MEMBER", 7][pick(4)],
      body: "text ".repeat(pick(60)),
    }));
  const recovered = async (action: Promise<unknown>): Promise<unknown> => {
    const found = await outcome(action);
    await guard.recover();
    return found;
  };
  const fork = async (): Promise<WasmGuard> => {
    const other = await guard.fork();
    const [kept, dropped] = pick(2) === 0 ? [guard, other] : [other, guard];
    await outcome(dropped.labelResponse({ tool: "list_issues" }, someIssues()));
    await dropped.close();
    return kept;
  };
  const actions: readonly (() => Promise<unknown>)[] = [
    () =>
      guard.labelResource({
        tool: ["get_a", "list_b", "create_c"][pick(3)] ?? "",
        args: { owner: "o", repo: `r${pick(9)}` },
      }),
    () => guard.labelResource({ tool: "search_x", args: { deep: someIssues() } }),
    () => guard.labelResponse({ tool: "list_issues", args: { owner: "o", repo: "r" } }, { items: someIssues() }),
    () => guard.labelResponse({ tool: "list_issues" }, someIssues()),
    () => guard.labelResponse({ tool: "search_issues" }, [...someIssues(), ...someIssues(), ...someIssues()]),
    () => recovered(guard.labelResource({ tool: "trap" })),
    () => recovered(guard.labelResponse({ tool: "trap" }, [{ user: { login: "nobody-yet" } }, ...someIssues()])),
    async () => {
      guard = await fork();
      return "forked";
    },
    async () => {
      const users = someIssues().map((_, index) => ({ user: { login: `late-${index}` } }));
      // Where answers come at once, nothing waits and nothing is late.
      if (session.backend.synchronous === true) return "late";
      await outcome(
        guard.labelResponse({ tool: "list_issues" }, [{ user: { login: "late" } }, ...users], {
          backend: silent,
          timeoutMs: 5,
        }),
      );
      return "late";
    },
    () => guard.labelAgent(pick(3) === 0 ? { "allow-only": { repos: "all" } } : { "allow-only": { repos: [] } }),
    () => outcome(guard.labelAgent({ "write-sink": {} })),
    () => Promise.all(["get_1", "get_2"].map((tool) => guard.labelResource({ tool }))),
  ];
  transcript.push(await guard.labelAgent({ "allow-only": {} }));
  for (let step = 0; step < steps; step++) {
    const which = pick(actions.length);
    session.log.length = 0;
    const result = await actions[which]?.();
    // Forks and late calls log as far as they get.
    const lines = which === 7 || which === 8 ? 0 : session.log.filter(({ source }) => source === "host_log").length;
    transcript.push([which, lines, result]);
  }
  await guard.close();
  return transcript;
}
