// The items of one call, row by row: what the backend returned beside what the agent gets. Long lists are shown in portions.
import type { ComponentChild } from "preact";
import { useEffect, useState } from "preact/hooks";
import type { CallView, ItemFilter, ItemView } from "../protocol.ts";
import { LabelChips } from "./labels.tsx";
import { type Ask, LazyText, useName } from "./lazy-text.tsx";

const portion = 200;

interface ItemProps {
  readonly ask: Ask;
  readonly call: number;
  readonly item: ItemView;
}

function Item({ ask, call, item }: ItemProps): ComponentChild {
  const [open, setOpen] = useState(false);
  const { index, visible, title, author, description, reason } = item;
  const name = title || description || `Item ${index}`;
  return (
    <li class="pp-item" data-visible={visible} data-index={index}>
      <div class="pp-backend">
        <p class="pp-title">
          <button type="button" aria-expanded={open} onClick={() => setOpen(!open)}>
            <span class="pp-index">{index}</span>
            <span>{name}</span>
          </button>
        </p>
        <p class="pp-meta">
          {title !== "" && description !== "" && <span class="pp-mono">{description}</span>}
          {author !== "" && <span>{author}</span>}
          <LabelChips labels={item} />
        </p>
      </div>
      <div class="pp-outcome">
        {visible ? (
          <p class="pp-shown">
            <span class="pp-verdict">Visible</span> <span class="pp-echo">{name}</span>
          </p>
        ) : (
          <p class="pp-withheld">
            <span class="pp-verdict">Hidden{item.violations.length > 0 && `: ${item.violations.join(" and ")}`}</span>
            <span class="pp-reason">{reason}</span>
          </p>
        )}
      </div>
      {open && (
        <div class="pp-data">
          <LazyText ask={ask} call={call} part={index} label={`Item ${index} as JSON`} />
        </div>
      )}
    </li>
  );
}

const filters: readonly (readonly [ItemFilter, string])[] = [
  ["all", "All"],
  ["hidden", "Hidden"],
  ["visible", "Visible"],
];

export function Items({ ask, call }: { readonly ask: Ask; readonly call: CallView }): ComponentChild {
  const { items: total, hidden } = call.counts;
  const group = useName("pp-filter");
  const [filter, setFilter] = useState<ItemFilter>("all");
  const [more, setMore] = useState<{ readonly of: CallView; readonly items: readonly ItemView[] }>();
  const shown = more?.of === call ? more.items : filter === "all" ? call.items : undefined;
  const wanted = { all: total, hidden, visible: total - hidden }[filter];

  function load(from: readonly ItemView[], chosen: ItemFilter, count: number): void {
    ask({ type: "items", call: call.index, filter: chosen, from: from.length, count }).then(
      (next) => setMore({ of: call, items: [...from, ...next] }),
      () => undefined, // a newer evaluation is on its way and brings its own items
    );
  }
  useEffect(() => {
    if (shown === undefined) load([], filter, call.items.length);
  }, [call, filter]);

  return (
    <div class="pp-items">
      {total > 1 && (
        <fieldset class="pp-filter">
          <legend class="pp-quiet">Items shown</legend>
          {filters.map(([value, text]) => (
            <label key={value}>
              <input
                type="radio"
                name={group}
                checked={filter === value}
                onChange={() => {
                  setMore(undefined);
                  setFilter(value);
                }}
              />
              <span>
                {text} {{ all: total, hidden, visible: total - hidden }[value].toLocaleString("en")}
              </span>
            </label>
          ))}
        </fieldset>
      )}
      <div class="pp-heads" aria-hidden="true">
        <span>Backend returned</span>
        <span>Agent gets</span>
      </div>
      <ol class="pp-rows" aria-label={`Items of call ${call.index + 1}`}>
        {(shown ?? []).map((item) => (
          <Item key={item.index} ask={ask} call={call.index} item={item} />
        ))}
      </ol>
      {shown !== undefined && shown.length < wanted && (
        <p class="pp-more">
          <button type="button" onClick={() => load(shown, filter, portion)}>
            Show {Math.min(portion, wanted - shown.length).toLocaleString("en")} more
          </button>
          <span class="pp-muted">
            {shown.length.toLocaleString("en")} of {wanted.toLocaleString("en")}
          </span>
        </p>
      )}
    </div>
  );
}
