// The link to what is on the page: how long it is, who can read it, and what to do when it is too long.
import type { SharedLink } from "edge-guard/analysis";
import type { ComponentChild } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import { pretty } from "../json-map.ts";
import type { State } from "../store.ts";
import { Dialog } from "./dialog.tsx";
import { copy, download, fileName } from "./files.ts";
import { makeLink } from "./links.ts";

interface ShareDialogProps {
  readonly state: State;
  onClose(): void;
}

export function ShareDialog({ state, onClose }: ShareDialogProps): ComponentChild {
  const scenario = state.scenario!;
  const [link, setLink] = useState<SharedLink | { readonly failed: string }>();
  const [said, setSaid] = useState("");
  const field = useRef<HTMLInputElement>(null);
  useEffect(() => {
    makeLink(scenario, state.guard).then(setLink, (error: unknown) => setLink({ failed: String(error) }));
  }, [scenario, state.guard]);
  useEffect(() => field.current?.select(), [link]);
  const ready = link !== undefined && "ok" in link && link.ok;
  const address = ready ? new URL(link.hash, location.href.split("#")[0]).href : "";

  async function copyLink(): Promise<void> {
    const copied = await copy(address);
    if (!copied) field.current?.select();
    setSaid(copied ? "Copied" : "The browser did not allow it: copy the selected text");
  }

  return (
    <Dialog name="share" title="Share this scenario" onClose={onClose}>
      <p>
        The link holds everything: policies, calls with their results, answers. Nothing is uploaded, and whoever has the
        link can read all of it.
      </p>
      {state.guard?.running && (
        <p class="hint">
          Your guard <code>{state.guard.file.name}</code> is not in the link, only its SHA-256: whoever opens it needs
          the same file.
        </p>
      )}
      {link === undefined && <p role="status">Making the link</p>}
      {link !== undefined && "failed" in link && (
        <p class="fault" role="alert">
          {link.failed}
        </p>
      )}
      {link !== undefined && "ok" in link && !link.ok && (
        <p class="fault" role="alert">
          {link.message}
        </p>
      )}
      {ready && (
        <div class="row">
          <input
            ref={field}
            class="link"
            readOnly
            value={address}
            aria-label="Link"
            onFocus={(event) => event.currentTarget.select()}
          />
          <button type="button" class="main" onClick={() => void copyLink()}>
            Copy link
          </button>
        </div>
      )}
      <div class="row">
        <button type="button" onClick={() => download(fileName(scenario.title), `${pretty(scenario)}\n`)}>
          Download as a file
        </button>
        {ready && <span class="hint">{address.length.toLocaleString("en")} characters</span>}
        <span class="hint" role="status">
          {said}
        </span>
      </div>
    </Dialog>
  );
}
