// The scenario as a test: what came of it is what must come of it again, on the command line or in CI.
import type { ComponentChild } from "preact";
import { useEffect, useId, useState } from "preact/hooks";
import { pretty } from "../json-map.ts";
import { Dialog } from "./dialog.tsx";
import { copy, download, fileName } from "./files.ts";
import { guardNames } from "./links.ts";
import type { DialogProps } from "./toolbar.tsx";

/** A word of a command: names come from scenarios and files, and whoever pastes it trusts what this page wrote. */
function quoted(word: string): string {
  const shown = word.replace(/\p{C}/gu, "");
  return /^[\w.=@/-]+$/.test(shown) ? shown : `'${shown.replaceAll("'", "'\\''")}'`;
}

export function TestDialog({ state, store, onClose }: DialogProps): ComponentChild {
  const [made, setMade] = useState<{ readonly text?: string; readonly failed?: string }>({});
  const [said, setSaid] = useState("");
  const id = useId();
  const name = fileName(state.scenario?.title);
  const own = state.guard?.running ? state.guard.file.name : undefined;
  const guards = own === undefined ? [] : guardNames(state.scenario).flatMap((guard) => ["--guard", `${guard}=${own}`]);
  const command = ["npx", "edge-guard", "test", name, ...guards].map(quoted).join(" ");
  useEffect(() => {
    store.record().then(
      (scenario) => setMade({ text: `${pretty(scenario)}\n` }),
      (error: unknown) => setMade({ failed: (error as Error).message }),
    );
  }, [store]);

  async function copyText(text: string, what: string): Promise<void> {
    setSaid((await copy(text)) ? `${what} copied` : "The browser did not allow it: select the text and copy it");
  }

  return (
    <Dialog name="test" title="Copy as test" onClose={onClose}>
      <p>
        The scenario with everything that came of it as its expectations: status, items, labels. The command passes
        until a policy, a guard or a result changes what the agent gets.
      </p>
      {made.failed !== undefined && (
        <p class="fault" role="alert">
          {made.failed}
        </p>
      )}
      {made.text === undefined && made.failed === undefined && <p role="status">Recording</p>}
      {made.text !== undefined && (
        <>
          <label for={`${id}-text`}>{name}</label>
          <textarea id={`${id}-text`} rows={12} readOnly value={made.text} />
          <div class="row">
            <button type="button" class="main" onClick={() => void copyText(made.text!, "The test")}>
              Copy
            </button>
            <button type="button" onClick={() => download(name, made.text!)}>
              Download
            </button>
          </div>
          <label for={`${id}-command`}>Run it with</label>
          <div class="row">
            <input id={`${id}-command`} class="link" readOnly value={command} />
            <button type="button" onClick={() => void copyText(command, "The command")}>
              Copy command
            </button>
          </div>
        </>
      )}
      <p class="hint" role="status">
        {said}
      </p>
    </Dialog>
  );
}
