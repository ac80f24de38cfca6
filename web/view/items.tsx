// The items of one call, row by row: what the backend returned beside what the agent gets; filtered, searched, and virtual where they are many.
import type { ComponentChild } from "preact";
import { useEffect, useMemo, useState } from "preact/hooks";
import type { CallView, ItemFilter, ItemsView, ItemView } from "../protocol.ts";
import { Answer, AskButton, useAsking } from "./changes.tsx";
import { LabelChips } from "./labels.tsx";
import { lazy } from "./lazy.tsx";
import { type Ask, LazyText, useName } from "./lazy-text.tsx";
import { useNavigation } from "./navigation.ts";
import type { VirtualListProps } from "./virtual-list.tsx";
import { plural } from "./words.ts";

const VirtualList = lazy<VirtualListProps<ItemView>>(() => import("./details.ts").then((part) => part.VirtualList));

/** More rows than these scroll in a box of their own. */
const plainRows = 50;

interface ItemProps {
  readonly ask: Ask;
  readonly call: CallView;
  readonly item: ItemView;
}

function Item({ ask, call, item }: ItemProps): ComponentChild {
  const [open, setOpen] = useState(false);
  const asking = useAsking(call);
  const { index, visible, title, author, description, reason } = item;
  const name = title || description || `Item ${index}`;
  return (
    <div class="pp-item" data-visible={visible} data-index={index}>
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
            <span class="pp-verdict">Visible</span>
          </p>
        ) : (
          <>
            <p class="pp-withheld">
              <span class="pp-verdict">Hidden{item.violations.length > 0 && `: ${item.violations.join(" and ")}`}</span>
              <span class="pp-reason">{reason}</span>
            </p>
            <AskButton asking={asking} text="What would show it?" />
          </>
        )}
      </div>
      {!visible && asking.open && (
        <div class="pp-data">
          <Answer asking={asking} ask={ask} call={call} item={index} />
        </div>
      )}
      {open && (
        <div class="pp-data">
          <LazyText ask={ask} call={call.index} part={index} label={`Item ${index} as JSON`} />
        </div>
      )}
    </div>
  );
}

const filters: readonly (readonly [ItemFilter, string])[] = [
  ["all", "All"],
  ["hidden", "Hidden"],
  ["visible", "Visible"],
];

interface Shown extends ItemsView {
  readonly filter: ItemFilter;
  readonly search: string;
}

export function Items({ ask, call }: { readonly ask: Ask; readonly call: CallView }): ComponentChild {
  const { items: total, hidden } = call.counts;
  const group = useName("pp-filter");
  const { target, announce } = useNavigation();
  const [filter, setFilter] = useState<ItemFilter>("all");
  const [search, setSearch] = useState("");
  const everything = useMemo((): Shown => ({ filter: "all", search: "", items: call.items, total }), [call]);
  const [found, setFound] = useState(everything);
  const [row, setRow] = useState<{ readonly row: number }>();

  const wanted = search.trim();
  const unfiltered = filter === "all" && wanted === "";
  const shown = unfiltered ? everything : found;

  // Rows under a filter or a search come from the worker; the rows before them stay until then.
  useEffect(() => {
    if (unfiltered) return setFound(everything);
    let current = true;
    const load = () =>
      ask({ type: "items", call: call.index, filter, search: wanted, from: 0, count: plainRows }).then(
        (items) => {
          if (!current) return;
          setFound({ ...items, filter, search: wanted });
          announce(`${plural(items.total, "item")} shown`);
        },
        () => undefined, // a newer evaluation is on its way and brings its own items
      );
    const timer = setTimeout(load, wanted === found.search ? 0 : 150);
    return () => {
      current = false;
      clearTimeout(timer);
    };
  }, [call, filter, wanted]);

  // Somebody wants to see an item: nothing may hide it then.
  useEffect(() => {
    if (target?.call !== call.index || target.item === undefined) return;
    setFilter("all");
    setSearch("");
    setRow({ row: target.item });
  }, [target]);
  useEffect(() => {
    if (row === undefined || shown.total > plainRows) return;
    const found = document.querySelector<HTMLElement>(`#${group} [data-index="${row.row}"] button`);
    found?.focus({ preventScroll: true });
    found?.scrollIntoView({ block: "center" });
  }, [row]);

  const label = `Items of call ${call.index + 1}`;
  const counts = { all: total, hidden, visible: total - hidden };
  return (
    <div class="pp-items" id={group}>
      {total > 1 && (
        <div class="pp-tools">
          <fieldset class="pp-filter">
            <legend class="pp-quiet">Items shown</legend>
            {filters.map(([value, text]) => (
              <label key={value}>
                <input
                  type="radio"
                  name={`${group}-choice`}
                  checked={filter === value}
                  onChange={() => setFilter(value)}
                />
                <span>
                  {text} {counts[value].toLocaleString("en")}
                </span>
              </label>
            ))}
          </fieldset>
          {total > 5 && (
            <div class="pp-search">
              <label for={`${group}-search`}>Search items</label>
              <input
                id={`${group}-search`}
                type="search"
                value={search}
                onInput={(event) => setSearch(event.currentTarget.value)}
              />
              <span class="pp-muted">{shown.search !== "" && `${shown.total.toLocaleString("en")} found`}</span>
            </div>
          )}
        </div>
      )}
      <div class="pp-heads" aria-hidden="true">
        <span>Backend returned</span>
        <span>Agent gets</span>
      </div>
      {shown.total > plainRows ? (
        <VirtualList
          total={shown.total}
          first={shown.items}
          version={shown}
          label={label}
          target={row}
          load={(from, count) =>
            ask({ type: "items", call: call.index, filter: shown.filter, search: shown.search, from, count }).then(
              ({ items }) => items,
            )
          }
          keyOf={({ index }) => index}
          render={(item) => <Item ask={ask} call={call} item={item} />}
        />
      ) : (
        <ol class="pp-rows" aria-label={label}>
          {shown.items.map((item) => (
            <li key={item.index}>
              <Item ask={ask} call={call} item={item} />
            </li>
          ))}
        </ol>
      )}
    </div>
  );
}
