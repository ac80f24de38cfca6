// Where each mode stops the session: strict, filter and propagate over the same calls, side by side; a click takes the mode.
import type { Mode, ModeComparison } from "edge-guard/web";
import type { ComponentChild } from "preact";
import { useState } from "preact/hooks";
import { outcomeNames } from "../../../web/view/words.ts";
import { Waiting } from "./progress.tsx";
import { type AnalysisProps, useAnalysis } from "./use-analysis.ts";

type Row = ModeComparison["rows"][number];
type Cell = Row["modes"][Mode];

const modes: readonly (readonly [Mode, string])[] = [
  ["strict", "Strict"],
  ["filter", "Filter"],
  ["propagate", "Propagate"],
];
const callsAtOnce = 12;
/** A scenario that takes longer is compared when somebody asks. */
const quickMs = 400;

interface ModesProps extends AnalysisProps {
  /** The mode that the scenario sets; undefined leaves it to the guards. */
  readonly mode: string | undefined;
  setMode(mode: Mode): void;
}

/** `10 of 30 hidden`: what the badge does not say. */
function detail({ status, items, visible, reason }: Cell): string {
  if (status === "filtered") return `${items - visible} of ${items} hidden`;
  if (status === "allowed" && items > 1) return `all ${items} shown`;
  if (status === "denied" && items > 1) return `all ${items} withheld`;
  return status === "allowed" ? "" : (reason ?? "");
}

function ModeCell({ cell, first }: { readonly cell: Cell; readonly first: boolean }): ComponentChild {
  const { status, reason } = cell;
  return (
    <td title={reason} data-status={status} data-first={first}>
      <span class="pp-badge" data-badge={status}>
        {outcomeNames[status]}
      </span>{" "}
      {first && <span class="mode-first">first stop</span>}
      <span class="mode-detail">{detail(cell)}</span>
    </td>
  );
}

/** Calls in which something is stopped come first when not all fit. */
function chosen(rows: readonly Row[]): readonly Row[] {
  if (rows.length <= callsAtOnce) return rows;
  const telling = rows.filter((row) => modes.some(([mode]) => row.modes[mode].status !== "allowed"));
  const kept = new Set([...telling, ...rows].slice(0, callsAtOnce));
  return rows.filter((row) => kept.has(row));
}

function Table({ comparison, ...props }: ModesProps & { readonly comparison: ModeComparison }): ComponentChild {
  const { firstStop } = comparison;
  const rows = chosen(comparison.rows);
  const inForce = props.mode ?? Object.values(props.view.modes)[0];
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard
    // biome-ignore lint/a11y/useSemanticElements: a name for a table that scrolls, not a set of form fields
    <div class="pp-scroll" tabIndex={0} role="group" aria-label="Where each mode stops the session">
      <table class="modes-table" style={{ minWidth: `${90 + rows.length * 112}px` }}>
        <colgroup>
          <col class="mode-name" />
          {rows.map(({ call }) => (
            <col key={call} />
          ))}
        </colgroup>
        <thead>
          <tr>
            <th scope="col">Mode</th>
            {rows.map(({ call, tool }) => (
              <th scope="col" key={call} title={tool}>
                <span class="pp-step">{call + 1}</span> <span class="pp-mono">{tool}</span>
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {modes.map(([mode, name]) => (
            <tr key={mode} data-mode={mode} data-current={mode === inForce}>
              <th scope="row">
                <button type="button" aria-pressed={mode === inForce} onClick={() => props.setMode(mode)}>
                  {name}
                </button>
              </th>
              {rows.map(({ call, modes: cells }) => (
                <ModeCell key={call} cell={cells[mode]} first={firstStop[mode] === call} />
              ))}
            </tr>
          ))}
        </tbody>
      </table>
      {rows.length < comparison.rows.length && (
        <p class="hint">and {(comparison.rows.length - rows.length).toLocaleString("en")} more calls</p>
      )}
    </div>
  );
}

export function Modes(props: ModesProps): ComponentChild {
  const { ask, view } = props;
  const [wanted, setWanted] = useState(false);
  const run = wanted || view.milliseconds < quickMs;
  const state = useAnalysis(run ? (options) => ask({ type: "modes" }, options) : undefined, [view, run], 400);
  return (
    <section class="modes-strip pp-host" aria-label="Modes side by side" data-analysis={state.busy ? "busy" : "done"}>
      <h3>Where each mode stops it</h3>
      {!run && (
        <button type="button" onClick={() => setWanted(true)}>
          Run it in every mode
        </button>
      )}
      {state.value === undefined && <Waiting state={state} doing="Running it in every mode" />}
      {state.value !== undefined && <Table {...props} comparison={state.value as ModeComparison} />}
    </section>
  );
}
