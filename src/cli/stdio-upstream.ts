// A server behind the proxy that is a program on this machine: JSON-RPC in lines over its input and output, one program for all callers.
import { type ChildProcessWithoutNullStreams, spawn } from "node:child_process";
import { BackendError } from "../errors.ts";
import type { ServerDescription, Upstream, UpstreamConnection, UpstreamReply } from "../proxy/upstream.ts";

type Message = Readonly<Record<string, unknown>>;

interface Waiting {
  readonly resolve: (reply: UpstreamReply) => void;
  readonly reject: (error: Error) => void;
  readonly onProgress: ((progress: number, total: number | undefined) => void) | undefined;
}

interface Program {
  readonly child: ChildProcessWithoutNullStreams;
  readonly waiting: Map<number, Waiting>;
  readonly description: Promise<ServerDescription>;
}

const MAX_LINE = 16 * 2 ** 20;
const OPEN_TIMEOUT_MS = 60_000;

/** Starts the program at the first request, and again when it has ended. `command` goes through the shell. What it writes to its error output is shown. */
export function stdioUpstream(command: string): Upstream {
  const name = command.split(/\s+/, 1)[0] ?? command;
  const listeners = new Set<() => void>();
  let program: Program | undefined;
  let lastId = 0;

  const fail = (state: string): BackendError =>
    new BackendError(`Cannot ask the program "${name}": ${state}`, { phase: "backend", transient: true });

  const write = ({ child }: Program, message: Message): void => {
    child.stdin.write(`${JSON.stringify({ jsonrpc: "2.0", ...message })}\n`);
  };

  function ask(
    to: Program,
    method: string,
    params: Message,
    signal: AbortSignal,
    onProgress?: Waiting["onProgress"],
  ): Promise<UpstreamReply> {
    const id = ++lastId;
    let stop = (): void => {};
    return new Promise<UpstreamReply>((resolve, reject) => {
      stop = () => {
        write(to, { method: "notifications/cancelled", params: { requestId: id } });
        reject(signal.reason);
      };
      if (signal.aborted) return reject(signal.reason);
      signal.addEventListener("abort", stop, { once: true });
      to.waiting.set(id, {
        resolve,
        reject,
        onProgress,
      });
      const meta = onProgress === undefined ? {} : { _meta: { ...(params["_meta"] as object), progressToken: id } };
      write(to, { id, method, params: { ...params, ...meta } });
    }).finally(() => {
      to.waiting.delete(id);
      signal.removeEventListener("abort", stop);
    });
  }

  function hear(from: Program, line: string): void {
    let message: Message;
    try {
      message = JSON.parse(line) as Message;
    } catch {
      return;
    }
    if (typeof message !== "object" || message === null) return;
    const { id, method, params, result, error } = message as { [key: string]: never };
    if (typeof method === "string") {
      if (id !== undefined) {
        const answer = method === "ping" ? { result: {} } : { error: { code: -32601, message: "Method not found" } };
        write(from, { id, ...answer });
      } else if (method === "notifications/progress") {
        const { progressToken, progress, total } = (params ?? {}) as {
          progressToken?: number;
          progress?: number;
          total?: number;
        };
        if (!Number.isFinite(progress)) return;
        from.waiting.get(progressToken ?? -1)?.onProgress?.(progress!, Number.isFinite(total) ? total : undefined);
      } else if (method === "notifications/tools/list_changed") for (const tell of listeners) tell();
      return;
    }
    const asked = from.waiting.get(id as unknown as number);
    if (asked === undefined) return;
    const { code, message: words, data } = (error ?? {}) as { code?: number; message?: string; data?: unknown };
    if (error !== undefined) asked.resolve({ error: { code: Number(code), message: String(words ?? ""), data } });
    else if (typeof result !== "object" || result === null) asked.reject(fail("it answered without a result"));
    else {
      const type = (result as { resultType?: unknown }).resultType ?? "complete";
      if (type === "complete") asked.resolve({ result });
      else asked.reject(fail("its result is not complete"));
    }
  }

  function start(): Program {
    const child = spawn(command, { shell: true, stdio: ["pipe", "pipe", "pipe"] });
    child.stderr.pipe(process.stderr);
    const own: Program = { child, waiting: new Map(), description: describe() };
    let rest = "";
    child.stdout.setEncoding("utf8");
    child.stdout.on("data", (piece: string) => {
      const lines = (rest + piece).split("\n");
      rest = lines.pop() ?? "";
      if (rest.length > MAX_LINE) child.kill();
      for (const line of lines) hear(own, line);
    });
    const end = (): void => {
      if (program === own) program = undefined;
      for (const { reject } of own.waiting.values()) reject(fail("it has ended"));
    };
    child.on("error", end);
    child.on("exit", end);
    child.stdin.on("error", () => {});
    own.description.catch(() => child.kill());
    return own;

    async function describe(): Promise<ServerDescription> {
      // The program's own object is not there before the next turn.
      await Promise.resolve();
      const clientInfo = { name: "edge-guard", version: "1" };
      const params = { protocolVersion: "2025-11-25", capabilities: {}, clientInfo };
      const reply = await ask(own, "initialize", params, AbortSignal.timeout(OPEN_TIMEOUT_MS));
      if ("error" in reply) throw fail(`it refused to begin with JSON-RPC error ${reply.error.code}`);
      write(own, { method: "notifications/initialized" });
      const { capabilities = {}, serverInfo = {}, instructions } = reply.result as { [key: string]: never };
      return { capabilities, serverInfo, ...(instructions !== undefined && { instructions }) };
    }
  }

  const connection: UpstreamConnection = {
    async describe() {
      program ??= start();
      return program.description;
    },
    async request(method, params, { signal, onProgress, trace }) {
      program ??= start();
      const own = program;
      await own.description;
      const sent = trace === undefined || Object.keys(trace).length === 0 ? params : { ...params, _meta: trace };
      return ask(own, method, sent as Message, signal, onProgress);
    },
    listen: (onChange, signal) =>
      new Promise((resolve) => {
        listeners.add(onChange);
        signal.addEventListener("abort", () => {
          listeners.delete(onChange);
          resolve();
        });
      }),
    close: async () => {},
  };
  return {
    name,
    connect: () => connection,
    async close() {
      program?.child.stdin.end();
      program?.child.kill();
    },
  };
}
