// The policy of each server in a field of its own, with every mistake at the field: the text's, the policy's, the guard's.
import type { ComponentChild } from "preact";
import { Editor, type FieldProblem } from "./editor.tsx";
import { policyPath, type Server } from "./scenario.ts";
import type { State, Store } from "./store.ts";

const modes = [
  [undefined, "Guard’s"],
  ["strict", "Strict"],
  ["filter", "Filter"],
  ["propagate", "Propagate"],
] as const;

function guardName(server: Server | null): string {
  const { guard, policy } = server ?? {};
  if (typeof guard === "string") return guard;
  const wasm = (guard as { wasm?: unknown } | undefined)?.wasm;
  if (typeof wasm === "string") return wasm;
  return policy !== undefined ? "write-sink" : "no guard";
}

/** The mistakes that belong to one server's policy, with paths inside the policy. */
export function policyProblems(state: State, server: string): readonly FieldProblem[] {
  const draft = state.policies[server];
  if (draft && draft.problems.length > 0) return draft.problems;
  const prefix = policyPath(server);
  const found: FieldProblem[] = state.errors.flatMap(({ message, path }) => {
    const inner = path?.startsWith(prefix) ? path.slice(prefix.length) : undefined;
    return inner === undefined || !/^(?:$|[.[])/.test(inner) ? [] : [{ message, path: inner.replace(/^\./, "") }];
  });
  if (state.errors.length > 0) return found;
  const refused = state.view?.calls.find((call) => call.server === server && call.error?.phase === "label_agent");
  return refused?.error ? [{ message: refused.error.message }] : found;
}

export function Policies({ state, store }: { readonly state: State; readonly store: Store }): ComponentChild {
  const servers = Object.entries(state.scenario?.servers ?? {});
  return (
    <section class="panel policies" aria-label="Policies">
      {servers.map(([id, server]) => {
        const draft = state.policies[id];
        return draft === undefined ? (
          <p class="hint" key={id}>
            <strong>{id}</strong> has no policy (guard: {guardName(server)})
          </p>
        ) : (
          <Editor
            key={id}
            name={`policy-${id}`}
            label={`Policy for ${id}`}
            hint={`Guard: ${guardName(server)}`}
            text={draft.text}
            problems={policyProblems(state, id)}
            schema="policy"
            origin={state.opened}
            onInput={(text) => store.editPolicy(id, text)}
          />
        );
      })}
      <fieldset class="modes">
        <legend>Mode</legend>
        {modes.map(([mode, text]) => (
          <label key={text}>
            <input
              type="radio"
              name="mode"
              value={mode ?? ""}
              checked={state.scenario?.mode === mode}
              onChange={() => store.setMode(mode)}
            />
            <span>{text}</span>
          </label>
        ))}
      </fieldset>
    </section>
  );
}
