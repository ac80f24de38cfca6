// The history of one tag: what brought it, what took it away, what it decided; each leads to its call and items.
import type { ComponentChild } from "preact";
import { useEffect, useRef } from "preact/hooks";
import type { TagHistory } from "../protocol.ts";
import { Chip } from "./labels.tsx";
import { useNavigation } from "./navigation.ts";
import { plural } from "./words.ts";

type Source = NonNullable<TagHistory["gained"]>;
type Consequence = TagHistory["consequences"][number];

const itemsAtOnce = 5;

function GoTo({
  call,
  item,
  children,
}: {
  readonly call: number;
  readonly item?: number;
  readonly children: ComponentChild;
}) {
  const { goTo } = useNavigation();
  return (
    <button type="button" class="pp-link" onClick={() => goTo({ call, item })}>
      {children}
    </button>
  );
}

function ItemLinks({
  call,
  items,
  count,
}: {
  readonly call: number;
  readonly items: Source["items"];
  readonly count: number;
}) {
  const left = count - Math.min(items.length, itemsAtOnce);
  if (items.length === 0) return null;
  return (
    <ul class="pp-item-links">
      {items.slice(0, itemsAtOnce).map(({ index, description }) => (
        <li key={index}>
          <GoTo call={call} item={index}>
            <span class="pp-index">{index}</span> <span class="pp-mono">{description}</span>
          </GoTo>
        </li>
      ))}
      {left > 0 && <li class="pp-muted">and {left.toLocaleString("en")} more</li>}
    </ul>
  );
}

function CallLink({ call, tool }: { readonly call: number; readonly tool: string | undefined }) {
  return (
    <GoTo call={call}>
      call {call + 1}, <span class="pp-mono">{tool}</span>
    </GoTo>
  );
}

function SourceText({ source, verb }: { readonly source: Source; readonly verb: "brought" | "took" }): ComponentChild {
  const { call, by, server, tool, items, count } = source;
  if (by === "agent") return <p>The scenario’s agent had it before the first call.</p>;
  if (by === "policy") {
    return (
      <p>
        The policy of {server} gave it, when <CallLink call={call} tool={tool} /> was made.
      </p>
    );
  }
  const carried = verb === "brought" ? "carry it" : "lack it";
  return (
    <>
      <p>
        <CallLink call={call} tool={tool} />, showed the agent{" "}
        {count === 0 ? `content without items, labelled as the whole` : `${plural(count, "item")} that ${carried}`}.
      </p>
      <ItemLinks call={call} items={items} count={count} />
    </>
  );
}

const effects: { readonly [effect in Consequence["effect"]]: (count: number) => string } = {
  denied: (count) => (count === 0 ? "was denied" : `was denied because of ${plural(count, "item")}`),
  hidden: (count) => `lost ${plural(count, "item")}`,
  shown: (count) => `could show ${plural(count, "item")}`,
};

function ConsequenceRow({ consequence }: { readonly consequence: Consequence }): ComponentChild {
  const { call, tool, effect, items, count } = consequence;
  return (
    <li data-effect={effect}>
      <p>
        <span class={`pp-sign pp-sign-${effect}`} aria-hidden="true" />
        <CallLink call={call} tool={tool} />, {effects[effect](count)}
      </p>
      {effect !== "shown" && <ItemLinks call={call} items={items} count={count} />}
    </li>
  );
}

export function TagCard({ history }: { readonly history: TagHistory }): ComponentChild {
  const { kind, tag, gained, lost, consequences } = history;
  const { tag: selected, showTag } = useNavigation();
  const card = useRef<HTMLDivElement>(null);
  // Asked for from afar: then that is where the reader goes.
  useEffect(() => {
    if (selected?.from === undefined) return;
    card.current?.focus({ preventScroll: true });
    card.current?.scrollIntoView({ block: "nearest" });
  }, [selected]);
  return (
    // biome-ignore lint/a11y/useSemanticElements: a name for a part of the report, not a set of form fields
    <div
      class="pp-tag-card"
      role="group"
      aria-label={`History of ${kind} ${tag}`}
      data-tag={tag}
      ref={card}
      tabIndex={-1}
    >
      <header>
        <Chip kind={kind} tags={[tag]} />
        {selected?.from !== undefined && <GoTo call={selected.from}>Back to call {selected.from + 1}</GoTo>}
        <button type="button" class="pp-link pp-close" onClick={() => showTag(undefined)}>
          Close
        </button>
      </header>
      <dl>
        <dt>Brought by</dt>
        <dd>
          {gained === undefined ? (
            <p>Nothing: the agent never had it.</p>
          ) : (
            <SourceText source={gained} verb="brought" />
          )}
        </dd>
        {lost !== undefined && (
          <>
            <dt>Taken away by</dt>
            <dd>
              <SourceText source={lost} verb="took" />
            </dd>
          </>
        )}
        <dt>What it decided</dt>
        <dd>
          {consequences.length === 0 ? (
            <p>Nothing in this session.</p>
          ) : (
            <ol>
              {consequences.map((consequence) => (
                <ConsequenceRow key={`${consequence.call} ${consequence.effect}`} consequence={consequence} />
              ))}
            </ol>
          )}
        </dd>
      </dl>
    </div>
  );
}
