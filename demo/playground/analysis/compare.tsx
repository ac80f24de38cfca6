// Two policies over the same calls: whether the second is stricter, looser or neither, and the items and writes that prove it.
import type { EffectView } from "edge-guard/web";
import type { ComponentChild } from "preact";
import { useState } from "preact/hooks";
import { EffectDetails, effectText } from "../../../web/view/effect.tsx";
import { Editor } from "../editor.tsx";
import { parseText, pretty } from "../json-map.ts";
import type { State, Store } from "../store.ts";
import { Waiting } from "./progress.tsx";
import { ServerChoice } from "./server-choice.tsx";
import { type AnalysisProps, useAnalysis } from "./use-analysis.ts";

interface CompareProps extends AnalysisProps {
  readonly state: State;
  readonly store: Store;
}

const verdicts: { readonly [comparison in EffectView["comparison"]]: readonly [string, string] } = {
  equal: ["Same outcome", "Over these calls both policies show and allow the same."],
  stricter: ["B is stricter", "Over these calls B only shows or allows less than A."],
  looser: ["B is looser", "Over these calls B only shows or allows more than A."],
  incomparable: [
    "Incomparable",
    "Over these calls B shows or allows something that A does not, and the other way round.",
  ],
};

function Verdict({ effect }: { readonly effect: EffectView }): ComponentChild {
  const [title, meaning] = verdicts[effect.comparison];
  return (
    <div class="verdict" data-verdict={effect.comparison} role="status">
      <p>
        <strong>{title}</strong> {meaning}
      </p>
      {effect.comparison !== "equal" && <p>{effectText(effect)}.</p>}
    </div>
  );
}

export function Compare({ ask, view, state, store }: CompareProps): ComponentChild {
  const servers = Object.keys(state.policies);
  const [chosen, setChosen] = useState<string>();
  const server = chosen !== undefined && servers.includes(chosen) ? chosen : servers[0];
  const [drafts, setDrafts] = useState<{ readonly [key: string]: string }>({});
  const key = `${state.opened} ${server}`;
  const current = server === undefined ? "" : state.policies[server]!.text;
  const text = drafts[key] ?? current;
  const parsed = parseText(text);
  const problems = "problems" in parsed ? parsed.problems : [];
  const policy = "value" in parsed ? parsed.value : undefined;
  const work =
    server === undefined || !("value" in parsed)
      ? undefined
      : (options: NonNullable<Parameters<typeof ask>[1]>) =>
          ask({ type: "compare", policies: { [server]: policy } }, options);
  const analysis = useAnalysis(work, [view, server, text]);
  if (server === undefined) return <p class="hint">No server of this scenario has a policy to compare.</p>;
  return (
    <div class="compare" data-analysis={analysis.busy ? "busy" : "done"}>
      <p class="hint">
        A is the policy in the field on the left. B is run over the same calls; nothing is changed until you take it.
      </p>
      {servers.length > 1 && <ServerChoice class="inline" servers={servers} value={server} onChange={setChosen} />}
      <Editor
        key={key}
        name="policy-b"
        label={`Policy B for ${server}`}
        text={text}
        problems={problems}
        schema="policy"
        origin={state.opened}
        onInput={(next) => setDrafts({ ...drafts, [key]: next })}
      />
      <div class="row">
        <button type="button" onClick={() => setDrafts({ ...drafts, [key]: current })}>
          Copy A into B
        </button>
        <button
          type="button"
          disabled={policy === undefined || text === current}
          onClick={() => {
            store.editPolicy(server, pretty(policy));
            setDrafts({ ...drafts, [key]: current });
          }}
        >
          Swap A and B
        </button>
      </div>
      <div class="pp-host">
        <Waiting state={analysis} doing="Running both policies" />
        {analysis.value !== undefined && (
          <>
            <Verdict effect={analysis.value} />
            <EffectDetails effect={analysis.value} open />
          </>
        )}
      </div>
    </div>
  );
}
