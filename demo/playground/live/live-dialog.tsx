// A live MCP server: connects when somebody says so, calls what they choose, and puts what came back into the scenario.
import type { ComponentChild } from "preact";
import { useEffect, useId, useRef, useState } from "preact/hooks";
import { parseText, pretty } from "../json-map.ts";
import { Dialog } from "../keeping/dialog.tsx";
import type { DialogProps } from "../keeping/toolbar.tsx";
import { type Connection, connect } from "./connection.ts";

const shownLength = 20_000;

interface Called {
  readonly tool: string;
  readonly args: unknown;
  readonly result: unknown;
}

export function LiveDialog({ state, store, onClose }: DialogProps): ComponentChild {
  const [connection, setConnection] = useState<Connection>();
  const [busy, setBusy] = useState("");
  const [said, setSaid] = useState("");
  const [fault, setFault] = useState("");
  const [server, setServer] = useState(Object.keys(state.scenario?.servers ?? {})[0] ?? "github");
  const [tool, setTool] = useState("");
  const [args, setArgs] = useState("{}");
  const [allowed, setAllowed] = useState(false);
  const [called, setCalled] = useState<Called>();
  const address = useRef<HTMLInputElement>(null);
  const secret = useRef<HTMLInputElement>(null);
  const open = useRef<Connection>(undefined);
  const id = useId();
  // Closing the dialog ends the connection and what it knew.
  useEffect(() => () => open.current?.close(), []);

  async function attempt<Value>(what: string, work: () => Promise<Value>): Promise<Value | undefined> {
    setBusy(what);
    setFault("");
    setSaid("");
    try {
      return await work();
    } catch (error) {
      setFault((error as Error).message);
      return undefined;
    } finally {
      setBusy("");
    }
  }

  async function start(event: Event): Promise<void> {
    event.preventDefault();
    const authorization = secret.current!.value;
    const made = await attempt("Connecting", () => connect(address.current!.value, authorization));
    if (made === undefined) return;
    open.current = made;
    setConnection(made);
    setTool(made.tools[0]?.name ?? "");
  }

  const chosen = connection?.tools.find(({ name }) => name === tool);
  const readsOnly = chosen?.annotations?.readOnlyHint === true;
  const parsed = parseText(args);
  const missing = (state.view?.missingAnswers ?? []).filter((question) => question.server === server);

  async function call(event: Event): Promise<void> {
    event.preventDefault();
    if (!("value" in parsed)) return;
    const result = await attempt(`Calling ${tool}`, () => connection!.call(tool, parsed.value));
    if (result === undefined) return;
    setCalled({ tool, args: parsed.value, result });
    setAllowed(false);
  }

  async function answerMissing(): Promise<void> {
    let count = 0;
    for (const question of missing) {
      const result = await attempt(`Asking ${question.tool}`, () =>
        connection!.call(question.tool, question.args ?? {}),
      );
      if (result === undefined) return;
      store.setAnswer(server, { tool: question.tool, args: question.args ?? {}, result });
      count++;
    }
    setSaid(`${count} ${count === 1 ? "answer" : "answers"} recorded`);
  }

  const text = called === undefined ? "" : pretty(called.result);
  return (
    <Dialog name="live" title="Live server" onClose={onClose}>
      {connection === undefined ? (
        <form class="stack" onSubmit={(event) => void start(event)}>
          <p>
            Connects to an MCP server over Streamable HTTP. Until you press Connect this page can reach no other server,
            then only the one whose address you give, from a frame of its own. The server must allow this page’s origin
            (CORS).
          </p>
          <label for={`${id}-address`}>Address</label>
          <input
            id={`${id}-address`}
            ref={address}
            type="url"
            required
            placeholder="https://example.com/mcp"
            autocomplete="off"
          />
          <label for={`${id}-secret`}>Authorization header (optional)</label>
          <input id={`${id}-secret`} ref={secret} type="password" placeholder="Bearer …" autocomplete="off" />
          <p class="hint">
            It is held in memory until this dialog closes: never stored, never part of a link or a file.
          </p>
          <div class="row">
            <button type="submit" class="main" disabled={busy !== ""}>
              Connect
            </button>
          </div>
        </form>
      ) : (
        <>
          <p>
            Connected to <strong>{connection.name}</strong> at <code>{connection.origin}</code>:{" "}
            {connection.tools.length} tools.
          </p>
          <label for={`${id}-server`}>Stands for the scenario’s server</label>
          <input
            id={`${id}-server`}
            value={server}
            list={`${id}-servers`}
            spellcheck={false}
            onInput={(event) => setServer(event.currentTarget.value)}
          />
          <datalist id={`${id}-servers`}>
            {Object.keys(state.scenario?.servers ?? {}).map((name) => (
              <option key={name} value={name} />
            ))}
          </datalist>
          <div class="row">
            <button
              type="button"
              onClick={() => {
                store.useTools(server, connection.tools);
                setSaid(`The tools are there for the table of what the guard of ${server} knows`);
              }}
            >
              Use its list of tools
            </button>
            {missing.length > 0 && (
              <button type="button" disabled={busy !== ""} onClick={() => void answerMissing()}>
                Ask it the guard’s {missing.length} open {missing.length === 1 ? "question" : "questions"}
              </button>
            )}
          </div>
          <form class="stack" onSubmit={(event) => void call(event)}>
            <label for={`${id}-tool`}>Tool</label>
            <select
              id={`${id}-tool`}
              value={tool}
              onChange={(event) => {
                setTool(event.currentTarget.value);
                setAllowed(false);
              }}
            >
              {connection.tools.map(({ name }) => (
                <option key={name}>{name}</option>
              ))}
            </select>
            {chosen?.description && <p class="hint">{chosen.description.slice(0, 400)}</p>}
            <label for={`${id}-args`}>Arguments</label>
            <textarea
              id={`${id}-args`}
              rows={4}
              value={args}
              spellcheck={false}
              autocomplete="off"
              aria-invalid={!("value" in parsed)}
              onInput={(event) => setArgs(event.currentTarget.value)}
            />
            {"problems" in parsed && <p class="fault">{parsed.problems[0]?.message}</p>}
            {chosen !== undefined && !readsOnly && (
              <label>
                <input
                  type="checkbox"
                  checked={allowed}
                  onChange={(event) => setAllowed(event.currentTarget.checked)}
                />{" "}
                The server does not say that this tool only reads: it may really change something. Call it all the same
              </label>
            )}
            <div class="row">
              <button
                type="submit"
                class="main"
                disabled={busy !== "" || !("value" in parsed) || (!readsOnly && !allowed)}
              >
                Call
              </button>
            </div>
          </form>
          {called && (
            <>
              <label for={`${id}-answer`}>Answer</label>
              <textarea
                id={`${id}-answer`}
                rows={8}
                readOnly
                value={
                  text.length > shownLength
                    ? `${text.slice(0, shownLength)}\n… ${text.length - shownLength} more characters`
                    : text
                }
              />
              <div class="row">
                <button
                  type="button"
                  class="main"
                  onClick={() => {
                    store.addCall(server, called);
                    setCalled(undefined);
                    setSaid(`The call of ${called.tool} is part of the scenario`);
                  }}
                >
                  Add this call to the scenario
                </button>
              </div>
            </>
          )}
        </>
      )}
      {fault !== "" && (
        <p class="fault" role="alert">
          {fault}
        </p>
      )}
      <p class="hint" role="status">
        {busy || said}
      </p>
    </Dialog>
  );
}
