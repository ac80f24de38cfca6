// The page: gallery, inputs, result.
import type { PolicyPreviewElement } from "edge-guard/web";
import { type ComponentChild, createElement } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import { lazy } from "../../web/view/lazy.tsx";
import { ResultTabs } from "./analysis/tabs.tsx";
import { loadCodeFields } from "./editing/preference.ts";
import { FieldToggle } from "./editing/toggle.tsx";
import { Editor } from "./editor.tsx";
import { Gallery } from "./gallery.tsx";
import { GuardPanel } from "./guard-panel.tsx";
import { Notices } from "./keeping/notices.tsx";
import { Toolbar } from "./keeping/toolbar.tsx";
import { Policies } from "./policies.tsx";
import { policyPath } from "./scenario.ts";
import type { State, Store } from "./store.ts";
import { ThemeToggle } from "./theme.tsx";

const BackendPanel = lazy(() => import("./analysis/panels.ts").then((part) => part.BackendPanel));

function useStore(store: Store): State {
  const [, redraw] = useState(0);
  useEffect(() => store.subscribe(() => redraw((count) => count + 1)), [store]);
  return store.state;
}

function whenIdle(action: () => void): void {
  if ("requestIdleCallback" in globalThis) requestIdleCallback(action, { timeout: 2000 });
  else setTimeout(action, 200);
}

function ScenarioJson({ state, store }: { readonly state: State; readonly store: Store }): ComponentChild {
  const outside = state.errors.filter(
    ({ path }) => path !== undefined && !Object.keys(state.policies).some((id) => path.startsWith(policyPath(id))),
  );
  const problems = state.json?.problems.length ? state.json.problems : outside;
  return (
    <details class="panel json" onToggle={(event) => store.openJson(event.currentTarget.open)}>
      <summary>The whole scenario as JSON</summary>
      {state.json && (
        <Editor
          name="scenario"
          label="Scenario"
          text={state.json.text}
          problems={problems}
          rows={24}
          schema="scenario"
          origin={state.opened}
          onInput={store.editJson}
        />
      )}
    </details>
  );
}

export function App({ store }: { readonly store: Store }): ComponentChild {
  const state = useStore(store);
  const preview = useRef<PolicyPreviewElement>(null);
  useEffect(() => {
    store.attach(preview.current!);
    store.start().catch((error: unknown) => preview.current?.fail(error));
  }, [store]);
  const stands = state.view !== undefined || state.errors.length > 0;
  // The editor is loaded once there is something to read.
  useEffect(() => {
    if (stands) whenIdle(loadCodeFields);
  }, [stands]);

  return (
    <>
      <button type="button" class="skip" onClick={() => document.getElementById("result")?.focus()}>
        Skip to the result
      </button>
      <header class="top">
        <h1>edge-guard playground</h1>
        <p>
          A WebAssembly guard labels what tools return; see which items your policy lets an agent read, and what it may
          write.
        </p>
        <a href="docs.html">In your own page</a>
        <FieldToggle />
        <ThemeToggle />
      </header>
      <div class="shell">
        <Gallery state={state} />
        <main>
          <div class="heading">
            <h2>{state.scenario?.title ?? "Loading"}</h2>
            <Toolbar state={state} store={store} />
          </div>
          <Notices state={state} store={store} />
          <Policies state={state} store={store} />
          <section id="result" class="result" aria-label="Result" tabIndex={-1}>
            <ResultTabs state={state} store={store} preview={preview}>
              {createElement("policy-preview", { ref: preview })}
            </ResultTabs>
          </section>
          <div class="inputs">
            <GuardPanel state={state} store={store} />
            <BackendPanel state={state} store={store} />
            <ScenarioJson state={state} store={store} />
          </div>
        </main>
      </div>
    </>
  );
}
