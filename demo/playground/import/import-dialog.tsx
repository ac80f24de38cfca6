// Brings real material in: a pasted text or a file is told for what it is, shown with its problems, and used only when somebody says so.
import type { ComponentChild } from "preact";
import { useEffect, useId, useRef, useState } from "preact/hooks";
import { Inspection } from "../guard-panel.tsx";
import { place } from "../json-map.ts";
import { Dialog } from "../keeping/dialog.tsx";
import { digestsOf } from "../keeping/links.ts";
import type { DialogProps } from "../keeping/toolbar.tsx";
import type { Scenario } from "../scenario.ts";
import { describe, type Found, type Plan, type Problem, plan, readMaterial } from "./material.ts";

/** Pasted texts are read in the page: more than this would hold it up. In bytes. */
const longestText = 16 * 1024 * 1024;
const wasmMagic = [0x00, 0x61, 0x73, 0x6d];

async function isWasm(file: File): Promise<boolean> {
  const start = new Uint8Array(await file.slice(0, 4).arrayBuffer());
  return wasmMagic.every((byte, index) => start[index] === byte);
}

function Problems({
  problems,
  usable,
  goTo,
}: {
  readonly problems: readonly Problem[];
  /** Then they are remarks, no mistakes. */
  readonly usable: boolean;
  goTo(offset: number): void;
}): ComponentChild {
  if (problems.length === 0) return null;
  return (
    <ul class="problems" data-usable={usable}>
      {problems.map(({ message, line, column, offset }) => (
        <li key={`${offset} ${message}`}>
          {offset !== undefined && (
            <button type="button" onClick={() => goTo(offset)}>
              Line {line}, column {column}
            </button>
          )}
          {message}
        </li>
      ))}
    </ul>
  );
}

export function ImportDialog({ state, store, file, onClose }: DialogProps): ComponentChild {
  const [text, setText] = useState("");
  const [source, setSource] = useState("");
  const [found, setFound] = useState<Found>();
  const [chosen, setChosen] = useState({
    server: Object.keys(state.scenario?.servers ?? {})[0] ?? "github",
    afresh: false,
  });
  const [call, setCall] = useState<{ readonly tool?: string; readonly args?: string }>({});
  const field = useRef<HTMLTextAreaElement>(null);
  const id = useId();
  const guards = digestsOf(state.scenario as Scenario, state.guard);

  async function take(taken: File): Promise<void> {
    setSource(taken.name);
    if (await isWasm(taken)) {
      setText("");
      setFound(undefined);
      await store.offerGuard(taken);
      return;
    }
    if (state.guard?.running === false) void store.offerGuard(undefined);
    if (taken.size > longestText) {
      const size = Math.round(taken.size / 1024 / 1024);
      setFound({
        material: {
          kind: "unknown",
          problems: [{ message: `The file has ${size} MB, more than the 16 MB that are read; cut it down` }],
        },
      });
      return;
    }
    const bytes = new Uint8Array(await taken.arrayBuffer());
    // Shown as text where it is one, so that its mistakes have a place.
    setText(new TextDecoder().decode(bytes));
    setFound({ material: await readMaterial(bytes, { guards }) });
  }
  useEffect(() => {
    if (file !== undefined) void take(file);
  }, [file]);

  async function read(next: string): Promise<void> {
    setText(next);
    setSource("");
    setCall({});
    if (state.guard?.running === false) void store.offerGuard(undefined);
    const material = next.trim() === "" ? undefined : await readMaterial(next, { guards });
    // Newest input wins.
    if (field.current?.value === next) setFound(material && { material });
  }

  function goTo(offset: number): void {
    field.current?.focus();
    field.current?.setSelectionRange(
      offset,
      text.indexOf("\n", offset) === -1 ? text.length : text.indexOf("\n", offset),
    );
  }

  const base = chosen.afresh ? undefined : state.scenario;
  const made: Plan | undefined = found && plan(found.material, base, { server: chosen.server, ...call });
  const offered = state.guard !== undefined && !state.guard.running && found === undefined ? state.guard : undefined;
  const placed = [...(found?.material.problems ?? []), ...(made?.problems ?? [])].map((problem) =>
    problem.offset === undefined || problem.line !== undefined
      ? problem
      : { ...problem, ...place(text, problem.offset) },
  );

  function use(): void {
    if (made?.tools !== undefined) store.useTools(chosen.server, made.tools);
    else if (made?.scenario !== undefined) store.open(made.scenario, made.whole || chosen.afresh ? "import" : "edit");
    onClose();
  }

  return (
    <Dialog name="import" title="Import" onClose={onClose}>
      <p>
        A scenario, a policy, the result of a tool (REST or MCP), a list of tools, a gateway’s log as JSONL, a link from
        this page, or a <code>.wasm</code> guard. It is read here; nothing is uploaded, and nothing runs before you say
        so.
      </p>
      <label for={`${id}-text`}>Paste it here</label>
      <textarea
        id={`${id}-text`}
        ref={field}
        rows={9}
        value={text}
        spellcheck={false}
        autocapitalize="off"
        autocomplete="off"
        aria-describedby={`${id}-found`}
        onInput={(event) => void read(event.currentTarget.value)}
      />
      <label class="button">
        <input
          type="file"
          onChange={(event) => {
            const picked = event.currentTarget.files?.[0];
            event.currentTarget.value = "";
            if (picked !== undefined) void take(picked);
          }}
        />
        Or choose a file, or drop one on the page
      </label>
      <div id={`${id}-found`} class="found" role="status">
        {source !== "" && (
          <p>
            <code>{source}</code>
          </p>
        )}
        {found && <p data-material={found.material.kind}>{describe(found.material)}</p>}
      </div>
      <Problems problems={placed} usable={made?.verb !== undefined} goTo={goTo} />
      {made?.asksWhere && (
        <fieldset class="choices">
          <legend class="quiet">Where it goes</legend>
          <label>
            Server{" "}
            <input
              value={chosen.server}
              list={`${id}-servers`}
              spellcheck={false}
              onInput={(event) => setChosen({ ...chosen, server: event.currentTarget.value })}
            />
            <datalist id={`${id}-servers`}>
              {Object.keys(state.scenario?.servers ?? {}).map((server) => (
                <option key={server} value={server} />
              ))}
            </datalist>
          </label>
          {made.call && (
            <>
              <label>
                Tool{" "}
                <input
                  value={call.tool ?? made.call.tool}
                  spellcheck={false}
                  onInput={(event) => setCall({ ...call, tool: event.currentTarget.value })}
                />
              </label>
              <label>
                Arguments{" "}
                <input
                  value={call.args ?? JSON.stringify(made.call.args)}
                  spellcheck={false}
                  aria-invalid={made.badArgs === true}
                  onInput={(event) => setCall({ ...call, args: event.currentTarget.value })}
                />
              </label>
            </>
          )}
          {made.tools === undefined && (
            <label>
              <input
                type="checkbox"
                checked={chosen.afresh}
                onChange={(event) => setChosen({ ...chosen, afresh: event.currentTarget.checked })}
              />{" "}
              As a new scenario, not added to this one
            </label>
          )}
        </fieldset>
      )}
      {offered && (
        <>
          <Inspection guard={offered} />
          {offered.inspection?.ok && (
            <button
              type="button"
              class="main"
              onClick={() => {
                store.runGuard();
                onClose();
              }}
            >
              Run this guard
            </button>
          )}
        </>
      )}
      {made?.verb !== undefined && (
        <div class="row">
          <button type="button" class="main" onClick={use}>
            {made.verb}
          </button>
        </div>
      )}
    </Dialog>
  );
}
