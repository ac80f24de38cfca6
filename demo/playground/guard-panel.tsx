// The guard: the sample one, or a file that the user dropped or picked, described before it runs.
import type { ComponentChild } from "preact";
import { useEffect, useState } from "preact/hooks";
import type { OwnGuard, State, Store } from "./store.ts";

function kilobytes(bytes: number): string {
  return bytes < 10_240 ? `${bytes.toLocaleString("en")} bytes` : `${Math.round(bytes / 1024).toLocaleString("en")} KB`;
}

function Names({ title, names }: { readonly title: string; readonly names: readonly string[] }): ComponentChild {
  return (
    <>
      <dt>{title}</dt>
      <dd>{names.length === 0 ? "none" : names.map((name) => <code key={name}>{name}</code>)}</dd>
    </>
  );
}

export function Inspection({ guard }: { readonly guard: OwnGuard }): ComponentChild {
  const { file, inspection, error } = guard;
  return (
    <div class="own-guard" data-guard-ok={inspection?.ok ?? false}>
      <p>
        <strong>{file.name}</strong> {kilobytes(file.size)}
        {!guard.running && inspection?.ok && ", not running yet"}
      </p>
      {error !== undefined && (
        <p class="fault" role="alert">
          {error}
        </p>
      )}
      {inspection !== undefined && (
        <>
          {inspection.problems.length > 0 && (
            <ul class="fault" role="alert">
              {inspection.problems.map(({ code, message }) => (
                <li key={message} data-code={code}>
                  {message}
                </li>
              ))}
            </ul>
          )}
          <dl>
            <dt>SHA-256</dt>
            <dd>
              <code>{inspection.sha256 || "not available outside a secure context"}</code>
            </dd>
            <Names title="Imports" names={inspection.imports.map(({ module, name }) => `${module}.${name}`)} />
            <Names title="Exports" names={inspection.exports.map(({ name }) => name)} />
          </dl>
        </>
      )}
    </div>
  );
}

export function GuardPanel({ state, store }: { readonly state: State; readonly store: Store }): ComponentChild {
  const [over, setOver] = useState(false);
  // The whole page takes a dropped file: a drop beside the target would otherwise leave the page.
  useEffect(() => {
    const holdsFile = (event: DragEvent) => event.dataTransfer?.types.includes("Files") ?? false;
    const drag = (event: DragEvent) => {
      if (!holdsFile(event)) return;
      event.preventDefault();
      setOver(event.type !== "dragleave" || event.relatedTarget !== null);
    };
    const drop = (event: DragEvent) => {
      const file = event.dataTransfer?.files[0];
      setOver(false);
      if (file === undefined) return;
      event.preventDefault();
      store.receive(file);
    };
    addEventListener("dragover", drag);
    addEventListener("dragleave", drag);
    addEventListener("drop", drop);
    return () => {
      removeEventListener("dragover", drag);
      removeEventListener("dragleave", drag);
      removeEventListener("drop", drop);
    };
  }, [store]);

  return (
    <section class="panel guard" aria-labelledby="guard-title">
      <h3 id="guard-title">Guard</h3>
      {state.guard === undefined ? (
        <p>
          The sample guard <code>repo-guard.wasm</code>
        </p>
      ) : (
        <Inspection guard={state.guard} />
      )}
      <div class="row">
        <label class="button" data-over={over}>
          <input
            type="file"
            accept=".wasm,application/wasm"
            onChange={(event) => {
              const file = event.currentTarget.files?.[0];
              event.currentTarget.value = "";
              if (file !== undefined) void store.offerGuard(file);
            }}
          />
          {over ? "Let go to look at this file" : "Drop or choose a .wasm guard"}
        </label>
        {state.guard?.running === false && state.guard.inspection?.ok && (
          <button type="button" class="main" onClick={() => store.runGuard()}>
            Run this guard
          </button>
        )}
        {state.guard !== undefined && (
          <button type="button" onClick={() => void store.offerGuard(undefined)}>
            Back to the sample guard
          </button>
        )}
      </div>
      <p class="hint">It runs here, in a worker with a deadline of 5 seconds. Nothing is uploaded.</p>
    </section>
  );
}
