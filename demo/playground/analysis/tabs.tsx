// The views of a result: the session, two policies, reach, tools; all but the session are loaded when first opened.
import type { PolicyPreviewElement } from "edge-guard/web";
import type { ComponentChild } from "preact";
import { useRef, useState } from "preact/hooks";
import { lazy } from "../../../web/view/lazy.tsx";
import type { State, Store } from "../store.ts";
import type { Ask } from "./use-analysis.ts";

const panels = () => import("./panels.ts");
const Modes = lazy(() => panels().then((part) => part.Modes));
const Compare = lazy(() => panels().then((part) => part.Compare));
const Reach = lazy(() => panels().then((part) => part.ReachView));
const Coverage = lazy(() => panels().then((part) => part.Coverage));

const tabs = [
  ["session", "Session"],
  ["compare", "Compare policies"],
  ["reach", "Reach"],
  ["tools", "Tools"],
] as const;
type Tab = (typeof tabs)[number][0];

interface ResultTabsProps {
  readonly state: State;
  readonly store: Store;
  readonly preview: { readonly current: PolicyPreviewElement | null };
  /** The preview, which stays where it is whatever is shown. */
  readonly children: ComponentChild;
}

export function ResultTabs({ state, store, preview, children }: ResultTabsProps): ComponentChild {
  const [tab, setTab] = useState<Tab>("session");
  const list = useRef<HTMLDivElement>(null);
  const ask: Ask = (request, options) => preview.current!.ask(request, options);
  const view = state.errors.length === 0 ? state.view : undefined;

  function move(event: KeyboardEvent): void {
    const at = tabs.findIndex(([name]) => name === tab);
    const last = tabs.length - 1;
    const to = { ArrowRight: at === last ? 0 : at + 1, ArrowLeft: at === 0 ? last : at - 1, Home: 0, End: last }[
      event.key
    ];
    if (to === undefined) return;
    event.preventDefault();
    setTab(tabs[to]![0]);
    list.current?.querySelectorAll<HTMLElement>('[role="tab"]')[to]?.focus();
  }

  return (
    <>
      <div class="tabs" role="tablist" aria-label="Views of the result" ref={list} onKeyDown={move}>
        {tabs.map(([name, title]) => (
          <button
            key={name}
            type="button"
            role="tab"
            id={`tab-${name}`}
            aria-selected={name === tab}
            aria-controls={`view-${name}`}
            tabIndex={name === tab ? 0 : -1}
            onClick={() => setTab(name)}
          >
            {title}
          </button>
        ))}
      </div>
      <div class="view" role="tabpanel" id="view-session" aria-labelledby="tab-session" hidden={tab !== "session"}>
        {view !== undefined && view.calls.length > 0 && (
          <Modes ask={ask} view={view} mode={state.scenario?.mode} setMode={store.setMode} />
        )}
        {children}
      </div>
      {tabs.slice(1).map(([name]) => (
        <div
          class="view"
          role="tabpanel"
          id={`view-${name}`}
          aria-labelledby={`tab-${name}`}
          hidden={tab !== name}
          key={name}
        >
          {tab === name && view === undefined && <p class="hint">There is no result to look at yet.</p>}
          {tab === name && view !== undefined && name === "compare" && (
            <Compare ask={ask} view={view} state={state} store={store} />
          )}
          {tab === name && view !== undefined && name === "reach" && (
            <Reach ask={ask} view={view} state={state} key={state.opened} />
          )}
          {tab === name && view !== undefined && name === "tools" && <Coverage ask={ask} view={view} state={state} />}
        </div>
      ))}
    </>
  );
}
