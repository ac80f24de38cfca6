// Which tools of a server its guard knows, what it takes them for, and where the server's own hints say otherwise.
import type { CoverageReport, ToolDescription } from "edge-guard/analysis";
import type { ComponentChild } from "preact";
import { useState } from "preact/hooks";
import { Editor, type FieldProblem } from "../editor.tsx";
import { parseText } from "../json-map.ts";
import type { State } from "../store.ts";
import { Waiting } from "./progress.tsx";
import { ServerChoice } from "./server-choice.tsx";
import { type AnalysisProps, useAnalysis } from "./use-analysis.ts";

interface CoverageProps extends AnalysisProps {
  readonly state: State;
}

type Tool = CoverageReport["tools"][number];

const knownNames: { readonly [known in Tool["known"]]: string } = {
  name: "by name",
  pattern: "by pattern",
  default: "unknown",
};
const shapeNames = { items: "per item", whole: "as a whole", none: "no labels", failed: "failed" } as const;

/** The tools of a pasted tools/list answer: its result, the whole answer, or the bare list. */
export function toolsIn(value: unknown): readonly ToolDescription[] | undefined {
  const inside = (holder: unknown, key: string) =>
    typeof holder === "object" && holder !== null && Object.hasOwn(holder, key)
      ? (holder as { readonly [key: string]: unknown })[key]
      : undefined;
  const list = Array.isArray(value) ? value : (inside(value, "tools") ?? inside(inside(value, "result"), "tools"));
  const isTool = (tool: unknown) => typeof inside(tool, "name") === "string";
  return Array.isArray(list) && list.every(isTool) ? (list as readonly ToolDescription[]) : undefined;
}

function hint({ readOnlyHint }: Tool): string {
  return readOnlyHint === undefined ? "no hint" : readOnlyHint ? "read only" : "may change";
}

function needsLook({ known, disagreement, error, shapes }: Tool): boolean {
  return known === "default" || disagreement !== undefined || error !== undefined || isUneven(shapes);
}

function isUneven(shapes: Tool["shapes"]): boolean {
  return new Set(shapes.map(({ labels }) => labels === "none" || labels === "failed")).size > 1;
}

function Row({ tool }: { readonly tool: Tool }): ComponentChild {
  const { operation, known, disagreement, error, shapes, sample } = tool;
  return (
    <tr data-tool={tool.tool} data-known={known}>
      <th scope="row">
        <span class="pp-mono">{tool.tool}</span>
        {error !== undefined && <span class="pp-fault"> {error}</span>}
      </th>
      <td>
        <span class="known" data-known={known}>
          {knownNames[known]}
        </span>
      </td>
      <td>{operation ?? "failed"}</td>
      <td data-disagreement={disagreement}>
        {hint(tool)}
        {disagreement !== undefined && (
          <strong class="disagreement">
            {disagreement === "guard-looser" ? "guard is looser" : "guard is stricter"}
          </strong>
        )}
      </td>
      <td title={sample === "scenario" ? "tried with a result of the scenario" : "tried with a made-up result"}>
        {shapes.length === 0
          ? "not a read"
          : shapes.map(({ shape, labels, error: fault }) => (
              <span class="shape" key={shape} data-labels={labels} title={fault}>
                {shape === "rest" ? "REST" : "MCP"} {shapeNames[labels]}
              </span>
            ))}
      </td>
    </tr>
  );
}

function Table({ report }: { readonly report: CoverageReport }): ComponentChild {
  const [all, setAll] = useState(true);
  const { counts, tools } = report;
  const odd = tools.filter(needsLook);
  return (
    <>
      <p class="coverage-counts" role="status">
        {tools.length} tools: {counts.name} known by name, {counts.pattern} by pattern, {counts.default} unknown;{" "}
        {counts.disagreements} where guard and hint disagree, {counts.uneven} labelled in one shape only,{" "}
        {counts.failed} failed
      </p>
      <fieldset class="modes">
        <legend class="quiet">Tools shown</legend>
        {([true, false] as const).map((value) => (
          <label key={String(value)}>
            <input type="radio" name="coverage" checked={all === value} onChange={() => setAll(value)} />
            <span>{value ? `All ${tools.length}` : `Worth a look ${odd.length}`}</span>
          </label>
        ))}
      </fieldset>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard */}
      {/* biome-ignore lint/a11y/useSemanticElements: a name for a table that scrolls, not a set of form fields */}
      <div class="pp-scroll" tabIndex={0} role="group" aria-label="Tools and what the guard makes of them">
        <table class="pp-table">
          <thead>
            <tr>
              <th scope="col">Tool</th>
              <th scope="col">Guard knows it</th>
              <th scope="col">Takes it for</th>
              <th scope="col">Server’s hint</th>
              <th scope="col">Labels of results</th>
            </tr>
          </thead>
          <tbody>
            {(all ? tools : odd).map((tool) => (
              <Row key={tool.tool} tool={tool} />
            ))}
          </tbody>
        </table>
      </div>
    </>
  );
}

/** What the scenario itself calls, when no list is at hand. */
function calledTools(state: State, server: string): readonly ToolDescription[] {
  const names = (state.view?.calls ?? []).filter((call) => call.server === server).map(({ tool }) => tool);
  return [...new Set(names)].map((name) => ({ name }));
}

export function Coverage({ ask, view, state }: CoverageProps): ComponentChild {
  const servers = Object.keys(state.scenario?.servers ?? {});
  const [chosen, setChosen] = useState<string>();
  const server = chosen !== undefined && servers.includes(chosen) ? chosen : servers[0];
  const [pasted, setPasted] = useState("");
  const parsed = pasted.trim() === "" ? undefined : parseText(pasted);
  const listed = parsed !== undefined && "value" in parsed ? toolsIn(parsed.value) : undefined;
  let problems: readonly FieldProblem[] = [];
  if (parsed !== undefined && "problems" in parsed) problems = parsed.problems;
  else if (parsed !== undefined && listed === undefined)
    problems = [{ message: 'This holds no tools: paste what tools/list answers, { "tools": [ … ] }', offset: 0 }];
  const given = server === undefined ? undefined : state.tools[server];
  const tools = listed ?? given ?? (server === undefined ? [] : calledTools(state, server));
  const work =
    server === undefined || tools.length === 0
      ? undefined
      : (options: NonNullable<Parameters<typeof ask>[1]>) => ask({ type: "coverage", server, tools }, options);
  const analysis = useAnalysis(work, [view, server, JSON.stringify(tools)]);
  return (
    <div class="coverage" data-analysis={analysis.busy ? "busy" : "done"}>
      {servers.length > 1 && <ServerChoice class="inline" servers={servers} value={server} onChange={setChosen} />}
      {listed === undefined && given === undefined && (
        <p class="hint">
          These are the tools that the scenario calls. Paste the server’s list to see all of them, with its hints.
        </p>
      )}
      <div class="pp-host">
        <Waiting state={analysis} doing="Asking the guard about each tool" />
        {analysis.value !== undefined && <Table report={analysis.value} />}
      </div>
      <details>
        <summary>Paste a tools/list answer</summary>
        <Editor
          name="tools"
          label="Answer of tools/list"
          text={pasted}
          problems={problems}
          rows={8}
          onInput={setPasted}
        />
      </details>
    </div>
  );
}
