// What a change of policy does to a whole scenario: in a sentence, and call by call.
import type { ComponentChild } from "preact";
import type { CallEffectView, EffectItems, EffectView } from "../protocol.ts";
import { outcomeNames, plural } from "./words.ts";

/** `Shows 10 items, hides 1 item, allows 1 write.` */
export function effectText({ shown, hidden, opened, closed }: EffectView): string {
  const parts = [
    shown > 0 && `shows ${plural(shown, "item")}`,
    hidden > 0 && `hides ${plural(hidden, "item")}`,
    opened > 0 && `allows ${plural(opened, "write")}`,
    closed > 0 && `stops ${plural(closed, "write")}`,
  ].filter((part) => part !== false);
  const text = parts.length === 0 ? "changes nothing that can be seen" : parts.join(", ");
  return `${text[0]!.toUpperCase()}${text.slice(1)}`;
}

function List({ sign, items }: { readonly sign: "shown" | "hidden"; readonly items: EffectItems }): ComponentChild {
  if (items.count === 0) return null;
  const left = items.count - items.first.length;
  return (
    <ul class="pp-effect-items" data-sign={sign}>
      {items.first.map(({ index, title }) => (
        <li key={index}>
          <span class="pp-sign">{sign}</span> <span class="pp-index">{index}</span> {title}
        </li>
      ))}
      {left > 0 && <li class="pp-muted">and {left.toLocaleString("en")} more</li>}
    </ul>
  );
}

function CallEffectRow({ effect }: { readonly effect: CallEffectView }): ComponentChild {
  const { call, tool, before, after, shown, hidden, write } = effect;
  return (
    <li>
      <p>
        <span class="pp-step">{call + 1}</span> <span class="pp-mono">{tool}</span>{" "}
        {before !== after && (
          <>
            <span class="pp-badge" data-badge={before}>
              {outcomeNames[before]}
            </span>{" "}
            <span class="pp-muted">becomes</span>{" "}
            <span class="pp-badge" data-badge={after}>
              {outcomeNames[after]}
            </span>
          </>
        )}
        {write !== undefined && <span> {write === "opened" ? "it is written" : "it is no longer written"}</span>}
      </p>
      <List sign="shown" items={shown} />
      <List sign="hidden" items={hidden} />
    </li>
  );
}

/** Call by call, folded. */
export function EffectDetails({
  effect,
  open,
}: {
  readonly effect: EffectView;
  readonly open?: boolean;
}): ComponentChild {
  if (effect.calls.length === 0) return null;
  return (
    <details class="pp-fold" open={open}>
      <summary>In {plural(effect.differing, "call")}</summary>
      <ol class="pp-effects">
        {effect.calls.map((call) => (
          <CallEffectRow key={call.call} effect={call} />
        ))}
        {effect.differing > effect.calls.length && (
          <li class="pp-muted">and {(effect.differing - effect.calls.length).toLocaleString("en")} more calls</li>
        )}
      </ol>
    </details>
  );
}
