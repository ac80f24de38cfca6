// The lanes of the timeline as SVG: a line while the agent carries the tag, marks where it came, went and decided. The table beside it says the same.
import type { ComponentChild } from "preact";
import type { TagHistory } from "../protocol.ts";
import { useName } from "./lazy-text.tsx";
import { plural } from "./words.ts";

export const laneHeight = 26;

interface LanesProps {
  readonly tags: readonly TagHistory[];
  /** The first call of the picture, and how many there are. */
  readonly from: number;
  readonly count: number;
  readonly column: number;
  readonly selected: TagHistory | undefined;
}

type Effect = TagHistory["consequences"][number]["effect"];

/** Within a column: the policy gives tags before the decision, the response takes and gives after it. */
const before = 10;
const after = (column: number) => column - 12;

function DecisionMark({
  effect,
  x,
  y,
  count,
}: {
  readonly effect: Effect;
  readonly x: number;
  readonly y: number;
  readonly count: number;
}) {
  if (effect === "shown") return <circle class="pp-mark-shown" cx={x} cy={y} r={4} />;
  return (
    <g class={`pp-mark-${effect}`}>
      {effect === "denied" ? (
        <>
          <rect x={x - 8} y={y - 8} width={16} height={16} rx={3} />
          <path d={`M${x - 4.5} ${y}h9`} />
        </>
      ) : (
        <path d={`M${x} ${y - 8}l8 8l-8 8l-8 -8z`} />
      )}
      {count > 0 && (
        <text x={x + 12} y={y + 4}>
          {count}
        </text>
      )}
    </g>
  );
}

/** From where to where the agent carries the tag, in the picture's coordinates; undefined when it never does within it. */
export function span(
  tag: TagHistory,
  from: number,
  count: number,
  column: number,
): readonly [number, number] | undefined {
  const width = count * column;
  const { gained, lost } = tag;
  if (gained === undefined) return undefined;
  const edge = (call: number, inside: number) => Math.max(0, Math.min(width, (call - from) * column + inside));
  const start = gained.call < 0 ? 0 : edge(gained.call, gained.by === "policy" ? before : after(column));
  const end = lost === undefined ? width : edge(lost.call, after(column));
  return end > start || (gained.call >= from && gained.call < from + count) ? [start, end] : undefined;
}

function Lane({
  tag,
  at,
  dim,
  ...props
}: Omit<LanesProps, "tags" | "selected"> & { readonly tag: TagHistory; readonly at: number; readonly dim: boolean }) {
  const { from, count, column } = props;
  const y = at * laneHeight + laneHeight / 2;
  const carried = span(tag, from, count, column);
  const inside = (call: number) => call >= from && call < from + count;
  const { gained, lost, consequences } = tag;
  return (
    <g class={`pp-lane pp-${tag.kind}`} data-dim={dim}>
      <path class="pp-lane-rest" d={`M0 ${y}h${count * column}`} />
      {carried !== undefined && <path class="pp-lane-line" d={`M${carried[0]} ${y}H${carried[1]}`} />}
      {gained !== undefined && inside(gained.call) && (
        <circle
          class="pp-mark-gained"
          cx={(gained.call - from) * column + (gained.by === "policy" ? before : after(column))}
          cy={y}
          r={gained.by === "policy" ? 4 : 6}
        />
      )}
      {lost !== undefined && inside(lost.call) && (
        <path
          class="pp-mark-lost"
          d={`M${(lost.call - from) * column + after(column) - 5} ${y - 5}l10 10m0 -10l-10 10`}
        />
      )}
      {consequences
        .filter(({ call }) => inside(call))
        .map(({ call, effect, count: items }) => (
          <DecisionMark
            key={`${call} ${effect}`}
            effect={effect}
            x={(call - from + 0.5) * column}
            y={y}
            count={items}
          />
        ))}
    </g>
  );
}

/** What the picture shows, in a sentence. */
function description(tags: readonly TagHistory[]): string {
  const brought = tags.filter(({ gained }) => gained?.by === "response").length;
  const lost = tags.filter(({ lost }) => lost !== undefined).length;
  const stopped = tags.filter(({ consequences }) => consequences.some(({ effect }) => effect !== "shown")).length;
  return `${plural(tags.length, "tag")}: ${brought} brought by what the agent read, ${lost} taken away, ${stopped} behind a denial or a hidden item. The table below says the same.`;
}

export function Lanes({ tags, from, count, column, selected }: LanesProps): ComponentChild {
  const name = useName("pp-lanes");
  const [width, height] = [count * column, tags.length * laneHeight];
  return (
    <svg class="pp-lanes" role="img" aria-labelledby={`${name}-title ${name}-desc`} width={width} height={height}>
      <title id={`${name}-title`}>The agent’s tags over the session</title>
      <desc id={`${name}-desc`}>{description(tags)}</desc>
      {Array.from({ length: count }, (_, at) => (
        <path key={at} class="pp-column" d={`M${at * column + 0.5} 0v${height}`} />
      ))}
      {tags.map((tag, at) => (
        <Lane
          key={`${tag.kind} ${tag.tag}`}
          tag={tag}
          at={at}
          from={from}
          count={count}
          column={column}
          dim={selected !== undefined && selected !== tag}
        />
      ))}
    </svg>
  );
}

const meanings = [
  ["gained", "brought"],
  ["lost", "taken away"],
  ["shown", "let items through"],
  ["hidden", "hid items"],
  ["denied", "denied the call"],
] as const;

/** What the marks mean. */
export function Legend(): ComponentChild {
  return (
    <ul class="pp-legend" aria-hidden="true">
      {meanings.map(([mark, meaning]) => (
        <li key={mark}>
          <svg width={20} height={18} class="pp-lane">
            <title>{meaning}</title>
            {mark === "gained" && <circle class="pp-mark-gained" cx={10} cy={9} r={5} />}
            {mark === "lost" && <path class="pp-mark-lost" d="M5 4l10 10m0 -10l-10 10" />}
            {mark !== "gained" && mark !== "lost" && <DecisionMark effect={mark} x={10} y={9} count={0} />}
          </svg>
          {meaning}
        </li>
      ))}
    </ul>
  );
}
