// What the agent can still read and write in the course of the session, or with labels of one's own; and the step that closes each.
import type { Probe, Reach } from "edge-guard/analysis";
import type { ComponentChild } from "preact";
import { useState } from "preact/hooks";
import { LabelChips } from "../../../web/view/labels.tsx";
import type { State } from "../store.ts";
import { Waiting } from "./progress.tsx";
import { ServerChoice } from "./server-choice.tsx";
import { type AnalysisProps, useAnalysis } from "./use-analysis.ts";

interface ReachProps extends AnalysisProps {
  readonly state: State;
}

type Reached = Reach["reached"][number];
type Step = Reached["steps"][number];

const stepNames: { readonly [state in Step["state"]]: string } = {
  open: "open",
  taints: "taints",
  "by-item": "by item",
  closed: "closed",
};

const legend: readonly (readonly [Step["state"], string])[] = [
  ["open", "nothing stands in the way"],
  ["taints", "a read that restricts the agent further"],
  ["by-item", "a read of which some items may be withheld"],
  ["closed", "denied, or withheld whatever the items are"],
];

function Row({ reached }: { readonly reached: Reached }): ComponentChild {
  const { probe, operation, resource, steps, closedBy } = reached;
  return (
    <tr data-probe={`${probe.server}.${probe.tool}`}>
      <th scope="row">
        <span class="pp-mono">{probe.tool}</span> <span class="pp-muted">on {probe.server}</span>
        <span class="pp-meta">
          {operation !== undefined && <span>{operation}</span>}
          {resource !== undefined && <LabelChips labels={resource} />}
        </span>
      </th>
      {steps.map(({ after, state, reason }) => (
        <td key={after} data-reach={state} title={reason}>
          <span class="reach-state">{stepNames[state]}</span>
        </td>
      ))}
      <td class="reach-closed">
        {closedBy !== undefined
          ? `closed by call ${closedBy + 1}`
          : steps.every(({ state }) => state === "closed")
            ? "never open"
            : "stays reachable"}
      </td>
    </tr>
  );
}

function Table({ reach, byLabels }: { readonly reach: Reach; readonly byLabels: boolean }): ComponentChild {
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard
    // biome-ignore lint/a11y/useSemanticElements: a name for a table that scrolls, not a set of form fields
    <div class="pp-scroll" tabIndex={0} role="group" aria-label="What can be reached, step by step">
      <table class="pp-table reach-table">
        <thead>
          <tr>
            <th scope="col">Could the agent make this call</th>
            {reach.labels.map(({ after }) => (
              <th scope="col" key={after}>
                {byLabels ? "with these labels" : after < 0 ? "at first" : `after ${after + 1}`}
              </th>
            ))}
            <th scope="col">So it</th>
          </tr>
        </thead>
        <tbody>
          {reach.reached.map((reached, at) => (
            <Row key={at} reached={reached} />
          ))}
        </tbody>
      </table>
    </div>
  );
}

const words = (text: string): string[] => text.split(/[\s,]+/).filter(Boolean);

interface ProbeFormProps {
  readonly servers: readonly string[];
  add(probe: Probe): void;
}

function ProbeForm({ servers, add }: ProbeFormProps): ComponentChild {
  const [server, setServer] = useState(servers[0] ?? "");
  const [tool, setTool] = useState("");
  const [args, setArgs] = useState("");
  const [problem, setProblem] = useState("");
  return (
    <form
      class="probe-form"
      onSubmit={(event) => {
        event.preventDefault();
        try {
          add({ server, tool: tool.trim(), args: args.trim() === "" ? {} : JSON.parse(args) });
          setTool("");
          setProblem("");
        } catch {
          setProblem('The arguments are no JSON; write an object such as {"owner": "acme"}');
        }
      }}
    >
      <ServerChoice servers={servers} value={server} onChange={setServer} />
      <label>
        Tool <input value={tool} required onInput={(event) => setTool(event.currentTarget.value)} />
      </label>
      <label>
        Arguments <input value={args} placeholder="{}" onInput={(event) => setArgs(event.currentTarget.value)} />
      </label>
      <button type="submit">Ask about this call too</button>
      {problem !== "" && (
        <p class="fault" role="alert">
          {problem}
        </p>
      )}
    </form>
  );
}

export function ReachView({ ask, view, state }: ReachProps): ComponentChild {
  const servers = Object.keys(state.scenario?.servers ?? {});
  const [added, setAdded] = useState<readonly Probe[]>([]);
  const [own, setOwn] = useState(false);
  const [secrecy, setSecrecy] = useState(view.agent.after.secrecy.join(" "));
  const [integrity, setIntegrity] = useState(view.agent.after.integrity.join(" "));
  const known = added.filter(({ server }) => servers.includes(server));
  const agent = own ? { secrecy: words(secrecy), integrity: words(integrity) } : undefined;
  const inputs = JSON.stringify([known, agent]);
  const analysis = useAnalysis(
    async (options) => {
      const common = agent === undefined ? {} : { agent };
      const found = await ask({ type: "reach", ...common }, options);
      if (known.length === 0) return found;
      const more = await ask({ type: "reach", ...common, probes: known }, options);
      return { ...found, reached: [...found.reached, ...more.reached] };
    },
    [view, inputs],
  );
  return (
    <div class="reach" data-analysis={analysis.busy ? "busy" : "done"}>
      <fieldset class="modes">
        <legend>The agent’s labels</legend>
        {([false, true] as const).map((value) => (
          <label key={String(value)}>
            <input type="radio" name="reach-labels" checked={own === value} onChange={() => setOwn(value)} />
            <span>{value ? "Labels of my own" : "As the session goes"}</span>
          </label>
        ))}
      </fieldset>
      {own && (
        <div class="probe-form">
          <label>
            Secrecy <input value={secrecy} onInput={(event) => setSecrecy(event.currentTarget.value)} />
          </label>
          <label>
            Integrity <input value={integrity} onInput={(event) => setIntegrity(event.currentTarget.value)} />
          </label>
        </div>
      )}
      <div class="pp-host">
        <Waiting state={analysis} doing="Asking about every call at every step" />
        {analysis.value !== undefined && <Table reach={analysis.value} byLabels={own} />}
      </div>
      <dl class="reach-legend">
        {legend.map(([name, meaning]) => (
          <div key={name}>
            <dt data-reach={name}>
              <span class="reach-state">{stepNames[name]}</span>
            </dt>
            <dd>{meaning}</dd>
          </div>
        ))}
      </dl>
      <ProbeForm servers={servers} add={(probe) => setAdded([...added, probe])} />
    </div>
  );
}
