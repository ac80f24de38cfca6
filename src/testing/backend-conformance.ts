// What every Backend must do, as cases that any test runner can run: a transport passes them, or it says which ability it lacks.
import type { Backend } from "../backend/backend.ts";
import { canonicalJson } from "../backend/canonical-json.ts";
import { isGuardError } from "../errors.ts";

/** Who answers at the far end of the backend under test. What it throws, or rejects with, must reach the asker as a fault. */
export type BackendHandler = (tool: string, args: unknown, options: { readonly signal: AbortSignal }) => unknown;

/** What a backend can do; everything by default. */
export interface BackendCapabilities {
  /** `mcp`: results must be MCP tool results, so the cases wrap theirs as text content. @default "any" */
  readonly results?: "any" | "mcp";
  /** False: the answers are fixed before the first question, so the cases about waiting are left out. @default true */
  readonly live?: boolean;
  /** False: an abort does not reach the far end. @default true */
  readonly cancels?: boolean;
  /** False: lone surrogates do not survive the way. @default true */
  readonly loneSurrogates?: boolean;
  /** False: the far end cannot carry answers of 16 MB. @default true */
  readonly large?: boolean;
}

export interface BackendUnderTest {
  /** Stands before each case's name. */
  readonly name: string;
  /**
   * Makes a backend whose questions reach `handler`. `questions` lists what a case will ask, for backends that know their
   * answers in advance. Called once per case; the backend is closed after it.
   */
  create(
    handler: BackendHandler,
    questions: readonly { readonly tool: string; readonly args: unknown }[],
  ): Backend | Promise<Backend>;
  readonly capabilities?: BackendCapabilities;
}

/** One case: throws when the backend fails it. */
export interface ConformanceCase {
  readonly name: string;
  run(): Promise<void>;
}

interface Context {
  open(handler: BackendHandler, questions?: readonly { tool: string; args: unknown }[]): Promise<Backend>;
  wrap(result: unknown): unknown;
  unwrap(result: unknown): unknown;
}

const patience = 20_000;

function check(condition: unknown, message: string): asserts condition {
  if (!condition) throw new Error(message);
}

function same(actual: unknown, expected: unknown, what: string): void {
  const [left, right] = [canonicalJson(actual), canonicalJson(expected)];
  if (left === right) return;
  const cut = (text: string): string => (text.length > 200 ? `${text.slice(0, 200)}… (${text.length})` : text);
  throw new Error(`${what} differs: expected ${cut(right)}, got ${cut(left)}`);
}

/** Calls in a way that turns a throw into a rejection, and fails when nothing happens for long. */
async function settle(call: () => unknown, what: string, ms: number = patience): Promise<unknown> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`${what} did not settle within ${ms} ms`)), ms);
  });
  try {
    return await Promise.race([new Promise((resolve) => resolve(call())), late]);
  } finally {
    clearTimeout(timer);
  }
}

async function fault(call: () => unknown, code: string, what: string): Promise<Error> {
  try {
    await settle(call, what);
  } catch (error) {
    check(isGuardError(error), `${what}: expected a fault of the library, got ${String(error)}`);
    check(error.code === code, `${what}: expected the code "${code}", got "${error.code}" (${error.message})`);
    return error;
  }
  throw new Error(`${what}: expected a fault, got an answer`);
}

const forever = (): Promise<never> => new Promise(() => {});
const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

function deepFreeze<T>(value: T): T {
  if (typeof value === "object" && value !== null) Object.values(Object.freeze(value)).forEach(deepFreeze);
  return value;
}

/** What must come back as it was sent, in both directions. */
const values: Readonly<Record<string, unknown>> = {
  "an object": { private: true, owner: { login: "acme" } },
  "an array": [1, "two", [3], { four: 4 }],
  "a string": "text",
  "an empty string": "",
  "a number": -12.5,
  "a large number": 9007199254740991,
  zero: 0,
  true: true,
  false: false,
  null: null,
  "an empty object": {},
  "an empty array": [],
  "keys that are members of every object": JSON.parse('{"constructor":1,"toString":null,"then":{"catch":2}}'),
  "an own key __proto__": JSON.parse('{"__proto__":{"polluted":true},"a":1}'),
  "text outside ASCII": "Grüße, 東京, Ω, \u2028\u2029",
  "astral characters": "🦊🧪𝕏 \u{10FFFF}",
  "control characters": "\u0000\u0001\t\n\r\u001f\u007f\ufeff",
  "text like server-sent events": "data: 1\r\n\r\nevent: message\ndata: {}\n\n: comment",
  "nesting of 100": JSON.parse(`${"[".repeat(100)}${"]".repeat(100)}`),
};

const surrogates = { "lone surrogates": ["\ud800", "a\udc00b", { "\udfff": 1 }] };

type Case = readonly [name: string, run: (context: Context) => Promise<void>];

function answering(capabilities: BackendCapabilities): Case[] {
  const sent = capabilities.loneSurrogates === false ? values : { ...values, ...surrogates };
  const cases: Case[] = Object.entries(sent).flatMap(([name, value]): Case[] => [
    [
      `answers with ${name}`,
      async ({ open, wrap, unwrap }) => {
        const backend = await open(() => wrap(value), [{ tool: "get", args: { a: 1 } }]);
        same(unwrap(await settle(() => backend.callTool("get", { a: 1 }), "The question")), value, "The answer");
      },
    ],
    [
      `carries ${name} in the arguments`,
      async ({ open, wrap, unwrap }) => {
        const args = { value };
        const backend = await open((tool, args) => wrap([tool, args]), [{ tool: "get", args }]);
        same(unwrap(await settle(() => backend.callTool("get", args), "The question")), ["get", args], "What arrived");
      },
    ],
  ]);
  cases.push(
    [
      "leaves the arguments alone",
      async ({ open, wrap }) => {
        const args = deepFreeze({ b: [1, { c: 2 }], a: "x" });
        const backend = await open(() => wrap(1), [{ tool: "get", args }]);
        await settle(() => backend.callTool("get", args), "The question");
        check(JSON.stringify(args) === '{"b":[1,{"c":2}],"a":"x"}', "The arguments were changed");
      },
    ],
    [
      "carries arguments of 64 KB",
      async ({ open, wrap, unwrap }) => {
        const args = { text: "ä".repeat(32 * 1024) };
        const backend = await open((_, args) => wrap(args), [{ tool: "get", args }]);
        same(unwrap(await settle(() => backend.callTool("get", args), "The question")), args, "What arrived");
      },
    ],
    [
      "keeps the answers of different tools and arguments apart",
      async ({ open, wrap, unwrap }) => {
        const questions = ["get", "list"].flatMap((tool) => [1, 2].map((n) => ({ tool, args: { n } })));
        const backend = await open((tool, args) => wrap([tool, args]), questions);
        for (const { tool, args } of questions) {
          const answer = await settle(() => backend.callTool(tool, args), "The question");
          same(unwrap(answer), [tool, args], "The answer");
        }
      },
    ],
    [
      "turns what the far end throws into a fault that is not transient",
      async ({ open }) => {
        const refuse = (): never => {
          throw new Error("no such repository");
        };
        const backend = await open(refuse, [{ tool: "get", args: {} }]);
        const error = await fault(() => backend.callTool("get", {}), "backend", "The question");
        check((error as { transient?: unknown }).transient === false, "The fault is not marked as lasting");
      },
    ],
    [
      "answers again after a failure",
      async ({ open, wrap, unwrap }) => {
        const handler: BackendHandler = (tool) => {
          if (tool === "fail") throw new Error("failed");
          return wrap("fine");
        };
        const backend = await open(handler, [
          { tool: "fail", args: {} },
          { tool: "get", args: {} },
        ]);
        await fault(() => backend.callTool("fail", {}), "backend", "The first question");
        same(unwrap(await settle(() => backend.callTool("get", {}), "The second question")), "fine", "The answer");
      },
    ],
    [
      "does not ask when the signal is aborted already",
      async ({ open, wrap }) => {
        let asked = 0;
        const backend = await open(() => wrap(++asked), [{ tool: "get", args: {} }]);
        const before = asked;
        const signal = AbortSignal.abort(new Error("enough"));
        await fault(() => backend.callTool("get", {}, { signal }), "aborted", "The question");
        check(asked === before, "The far end was asked all the same");
      },
    ],
    [
      "keeps its answer when the signal fires afterwards",
      async ({ open, wrap, unwrap }) => {
        const backend = await open(() => wrap("kept"), [{ tool: "get", args: {} }]);
        const controller = new AbortController();
        const answer = await settle(() => backend.callTool("get", {}, controller), "The question");
        controller.abort();
        await pause(5);
        same(unwrap(answer), "kept", "The answer");
        same(unwrap(await settle(() => backend.callTool("get", {}), "The next question")), "kept", "The next answer");
      },
    ],
    [
      "answers nothing after it was closed",
      async ({ open, wrap }) => {
        const backend = await open(() => wrap(1), [{ tool: "get", args: {} }]);
        if (!backend.close) return;
        await settle(() => backend.close?.(), "Closing");
        await fault(() => backend.callTool("get", {}), "backend", "The question");
        await settle(() => backend.close?.(), "Closing a second time");
      },
    ],
    [
      "says truly whether it is synchronous",
      async ({ open, wrap }) => {
        const backend = await open(() => wrap(1), [{ tool: "get", args: {} }]);
        const answer = backend.callTool("get", {});
        const isPromise = typeof (answer as { then?: unknown }).then === "function";
        check(!(backend.synchronous && isPromise), "It is declared synchronous and returned a promise");
        await answer;
        check(typeof backend.name === "string" && backend.name !== "", "It has no name");
      },
    ],
  );
  if (capabilities.large !== false) {
    cases.push([
      "carries an answer of 16 MB",
      async ({ open, wrap, unwrap }) => {
        const text = "x".repeat(16_000_000);
        const backend = await open(() => wrap(text), [{ tool: "get", args: {} }]);
        const answer = await settle(() => backend.callTool("get", {}), "The question", 60_000);
        check(unwrap(answer) === text, "The answer is not what was sent");
      },
    ]);
  }
  return cases;
}

/** Cases for backends that wait: nothing here holds for one that answers synchronously. */
function waiting(capabilities: BackendCapabilities): Case[] {
  return [
    [
      "gives 100 concurrent questions their own answers",
      async ({ open, wrap, unwrap }) => {
        const backend = await open(async (_, args) => {
          const { n } = args as { n: number };
          await pause((n * 7) % 20);
          return wrap({ n, double: n * 2 });
        });
        const questions = Array.from({ length: 100 }, (_, n) => n);
        const answers = await settle(
          () => Promise.all(questions.map((n) => backend.callTool("get", { n }))),
          "100 questions",
        );
        questions.forEach((n) => {
          same(unwrap((answers as unknown[])[n]), { n, double: n * 2 }, `Answer ${n}`);
        });
      },
    ],
    [
      "settles at once when it is aborted and the far end never answers",
      async ({ open }) => {
        let reached: (signal: AbortSignal) => void = () => {};
        const arrival = new Promise<AbortSignal>((resolve) => {
          reached = resolve;
        });
        const backend = await open((_tool, _args, { signal }) => {
          reached(signal);
          return forever();
        });
        const controller = new AbortController();
        const answer = fault(
          () => backend.callTool("get", {}, { signal: controller.signal }),
          "aborted",
          "The question",
        );
        const far = (await settle(() => arrival.then((signal) => [signal]), "The question's arrival")) as AbortSignal[];
        const started = Date.now();
        controller.abort(new Error("enough"));
        const error = await answer;
        check(Date.now() - started < 1000, "The abort took a second or more");
        check((error.cause as Error | undefined)?.message === "enough", "The cause is not the signal's reason");
        if (capabilities.cancels === false) return;
        for (let tries = 0; !far[0]?.aborted && tries < 200; tries++) await pause(10);
        check(far[0]?.aborted, "The abort did not reach the far end");
      },
    ],
    [
      "ignores an answer that comes after the abort",
      async ({ open, wrap, unwrap }) => {
        const release: ((value: unknown) => void)[] = [];
        const backend = await open((tool) =>
          tool === "slow" ? new Promise((done) => release.push(done)) : wrap("next"),
        );
        const controller = new AbortController();
        const answer = fault(
          () => backend.callTool("slow", {}, { signal: controller.signal }),
          "aborted",
          "The question",
        );
        for (let tries = 0; release.length === 0 && tries < 200; tries++) await pause(5);
        controller.abort();
        await answer;
        for (const done of release) done(wrap("late"));
        await pause(10);
        same(unwrap(await settle(() => backend.callTool("get", {}), "The next question")), "next", "The next answer");
      },
    ],
    [
      "aborts one of two questions and answers the other",
      async ({ open, wrap, unwrap }) => {
        const backend = await open(async (tool) => {
          if (tool === "never") return forever();
          await pause(30);
          return wrap("mine");
        });
        const controller = new AbortController();
        const first = fault(() => backend.callTool("never", {}, { signal: controller.signal }), "aborted", "The first");
        const second = settle(() => backend.callTool("get", {}), "The second question");
        setTimeout(() => controller.abort(), 10);
        await first;
        same(unwrap(await second), "mine", "The second answer");
      },
    ],
    [
      "turns a rejection at the far end into a fault",
      async ({ open }) => {
        const backend = await open(() => Promise.reject(new Error("failed")));
        await fault(() => backend.callTool("get", {}), "backend", "The question");
      },
    ],
    [
      "settles what waits when it is closed",
      async ({ open }) => {
        const backend = await open(forever);
        if (!backend.close) return;
        const questions = [1, 2, 3].map((n) => fault(() => backend.callTool("get", { n }), "backend", `Question ${n}`));
        await pause(20);
        await settle(() => backend.close?.(), "Closing");
        await Promise.all(questions);
      },
    ],
  ];
}

/**
 * The conformance cases for one backend: answers of every kind, arguments left alone, faults, aborts before, while and after
 * waiting, 100 questions at once, closing. Each case opens its own backend and throws an Error when it fails.
 *
 * @example
 * for (const { name, run } of testBackend({ name: "mine", create: (handler) => myBackend(handler) })) test(name, run);
 */
export function testBackend({ name, create, capabilities = {} }: BackendUnderTest): ConformanceCase[] {
  const mcp = capabilities.results === "mcp";
  const wrap = (result: unknown): unknown =>
    mcp ? { content: [{ type: "text", text: JSON.stringify(result) }] } : result;
  const unwrap = (result: unknown): unknown => {
    if (!mcp) return result;
    const text = (result as { content?: { text?: unknown }[] } | null)?.content?.[0]?.text;
    check(typeof text === "string", "The answer is not the MCP result that was sent");
    return JSON.parse(text);
  };
  const cases = [...answering(capabilities), ...(capabilities.live === false ? [] : waiting(capabilities))];
  return cases.map(([title, body]) => ({
    name: `${name}: ${title}`,
    async run() {
      const opened: Backend[] = [];
      const open: Context["open"] = async (handler, questions = []) => {
        const backend = await create(handler, questions);
        opened.push(backend);
        return backend;
      };
      try {
        await body({ open, wrap, unwrap });
      } finally {
        for (const backend of opened) await settle(() => backend.close?.(), "Closing");
      }
    },
  }));
}
