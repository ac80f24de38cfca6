// What can be done with the scenario as a whole: bring something in, share, save, make a test of it, start afresh.
import type { ComponentChild, FunctionComponent } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import { pretty } from "../json-map.ts";
import type { State, Store } from "../store.ts";
import { download, fileName } from "./files.ts";

export interface DialogProps {
  readonly state: State;
  readonly store: Store;
  /** A file that was dropped, for the dialog that imports. */
  readonly file?: File | undefined;
  onClose(): void;
}

/** Loaded when they are asked for. */
const dialogs = {
  share: async () => (await import("./share-dialog.tsx")).ShareDialog,
  test: async () => (await import("./test-dialog.tsx")).TestDialog,
  import: async () => (await import("../import/import-dialog.tsx")).ImportDialog,
  live: async () => (await import("../live/live-dialog.tsx")).LiveDialog,
} satisfies { readonly [name: string]: () => Promise<FunctionComponent<DialogProps>> };

export function Toolbar({ state, store }: { readonly state: State; readonly store: Store }): ComponentChild {
  const [shown, setShown] = useState<{
    readonly number: number;
    readonly Content: FunctionComponent<DialogProps>;
    readonly file: File | undefined;
  }>();
  const last = useRef(0);

  function show(name: keyof typeof dialogs, file?: File): void {
    const number = ++last.current;
    dialogs[name]().then(
      (Content) => setShown({ number, Content, file }),
      (error: unknown) => {
        const text = `This part of the page could not be loaded: ${(error as Error).message}`;
        store.notify({ name: "part", kind: "error", text });
      },
    );
  }
  useEffect(() => {
    if (state.incoming === undefined) return;
    show("import", state.incoming);
    store.receive(undefined);
  }, [state.incoming]);
  if (state.scenario === undefined) return null;

  return (
    <fieldset class="toolbar" aria-label="Scenario">
      <button type="button" onClick={() => show("import")}>
        Import
      </button>
      <button type="button" onClick={() => show("live")}>
        Live server
      </button>
      <button type="button" onClick={() => show("share")}>
        Share
      </button>
      <button type="button" onClick={() => download(fileName(state.scenario?.title), `${pretty(state.scenario)}\n`)}>
        Download
      </button>
      <button type="button" disabled={state.view === undefined || state.errors.length > 0} onClick={() => show("test")}>
        Copy as test
      </button>
      {/* Always there: what appears on the first key typed would push the field away. */}
      <button type="button" disabled={!state.edited} onClick={() => store.undoAll()}>
        Undo all edits
      </button>
      <button type="button" disabled={!state.edited && state.selected !== ""} onClick={() => void store.startFresh()}>
        Start fresh
      </button>
      {shown && (
        <shown.Content
          key={shown.number}
          state={state}
          store={store}
          file={shown.file}
          // A dialog that closes while the next one is on its way must not take that along.
          onClose={() => setShown((now) => (now?.number === shown.number ? undefined : now))}
        />
      )}
    </fieldset>
  );
}
