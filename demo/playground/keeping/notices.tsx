// What the page has to say about where its content came from: restored work, a link from elsewhere, a new version. Each can be dismissed.
import type { ComponentChild } from "preact";
import type { State, Store } from "../store.ts";

export interface Notice {
  readonly name: string;
  readonly kind: "info" | "warning" | "error";
  readonly text: string;
  readonly action?: { readonly label: string; run(): void };
}

export function Notices({ state, store }: { readonly state: State; readonly store: Store }): ComponentChild {
  return (
    <div class="notices" role="status">
      {state.notices.map(({ name, kind, text, action }) => (
        <p key={name} class="notice" data-notice={name} data-kind={kind}>
          <span>{text}</span>
          {action && (
            <button type="button" onClick={() => action.run()}>
              {action.label}
            </button>
          )}
          <button type="button" class="plain" onClick={() => store.dismiss(name)}>
            Dismiss
          </button>
        </p>
      ))}
    </div>
  );
}
