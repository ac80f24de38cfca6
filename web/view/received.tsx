// Both sides of a call as JSON: what the backend returned, and what the agent literally receives, part by part; one search for both.
import type { ComponentChild } from "preact";
import { useEffect, useState } from "preact/hooks";
import type { CallView, FindView, PartKind, PartView, Side } from "../protocol.ts";
import { JsonTree, type Place } from "./json-tree.tsx";
import { type Ask, LazyText, useName } from "./lazy-text.tsx";
import { useNavigation } from "./navigation.ts";
import { plural } from "./words.ts";

const titles = { backend: "Backend returned", agent: "Agent gets" } as const;
const labels = { backend: "What the backend returned, as JSON", agent: "What the agent gets, as JSON" } as const;
const sides: readonly Side[] = ["backend", "agent"];

const kinds: { readonly [kind in PartKind]: string } = {
  result: "bare result",
  text: "text",
  structured: "structuredContent",
  notice: "notice",
  other: "other",
};

type PerSide<Value> = { readonly [side in Side]?: Value };

interface PaneProps {
  readonly ask: Ask;
  readonly call: number;
  readonly side: Side;
  readonly parts: readonly PartView[];
  readonly literal: boolean;
  readonly search: string;
  readonly place: Place | undefined;
}

function Literal({ ask, call, side, parts }: Pick<PaneProps, "ask" | "call" | "side" | "parts">): ComponentChild {
  return parts.map(({ kind, label, characters }, part) => (
    <div class="pp-part" data-part={kind} key={part}>
      <p class="pp-lead">
        {label} <span class="pp-muted">{plural(characters, "character")}</span>
      </p>
      <LazyText
        ask={ask}
        call={call}
        part={[side, part]}
        label={`${label} of ${side === "agent" ? "what the agent gets" : "what the backend returned"}, literally`}
      />
    </div>
  ));
}

function Pane(props: PaneProps): ComponentChild {
  const { ask, call, side, parts, literal, search, place } = props;
  const names = parts.map(({ kind }) => kinds[kind]);
  return (
    <div class="pp-pane" data-side={side}>
      <h4>
        {titles[side]} <span class="pp-muted">{[...new Set(names)].join(", ")}</span>
      </h4>
      {literal ? (
        <Literal ask={ask} call={call} side={side} parts={parts} />
      ) : (
        <JsonTree ask={ask} call={call} side={side} parts={parts} label={labels[side]} search={search} place={place} />
      )}
    </div>
  );
}

interface SearchProps {
  readonly found: PerSide<FindView>;
  readonly text: string;
  readonly at: number;
  onText(text: string): void;
  onStep(by: number): void;
}

function Search({ found, text, at, onText, onStep }: SearchProps): ComponentChild {
  const id = useName("pp-search");
  const count = sides.reduce((sum, side) => sum + (found[side]?.hits.length ?? 0), 0);
  const searched = text.trim() !== "" && found.backend !== undefined;
  const totals = sides.map((side) => (found[side]?.total ?? 0).toLocaleString("en"));
  return (
    <div class="pp-search">
      <label for={id}>Search both</label>
      <input
        id={id}
        type="search"
        value={text}
        onInput={(event) => onText(event.currentTarget.value)}
        onKeyDown={(event) => {
          if (event.key !== "Enter") return;
          event.preventDefault();
          onStep(event.shiftKey ? -1 : 1);
        }}
      />
      <button type="button" disabled={count === 0} onClick={() => onStep(-1)}>
        Previous
      </button>
      <button type="button" disabled={count === 0} onClick={() => onStep(1)}>
        Next
      </button>
      <span class="pp-muted">
        {searched &&
          (count === 0
            ? "Found nowhere"
            : `${at + 1} of ${count.toLocaleString("en")}: ${totals[0]} from the backend, ${totals[1]} reach the agent`)}
      </span>
    </div>
  );
}

const views = [
  [false, "Tree"],
  [true, "Literal text"],
] as const;

export function Received({ ask, call }: { readonly ask: Ask; readonly call: CallView }): ComponentChild {
  const group = useName("pp-view");
  const { announce } = useNavigation();
  const [parts, setParts] = useState<PerSide<readonly PartView[]>>();
  const [fault, setFault] = useState("");
  const [literal, setLiteral] = useState(false);
  const [text, setText] = useState("");
  const [found, setFound] = useState<PerSide<FindView>>({});
  const [at, setAt] = useState(0);

  useEffect(() => {
    let current = true;
    Promise.all(sides.map((side) => ask({ type: "parts", call: call.index, side }))).then(
      ([backend, agent]) => current && setParts({ backend: backend!, agent: agent! }),
      (error: Error) => current && setFault(error.message),
    );
    return () => {
      current = false;
    };
  }, [call]);

  useEffect(() => {
    let current = true;
    const wanted = text.trim();
    const timer = setTimeout(() => {
      if (wanted === "") return setFound({});
      Promise.all(sides.map((side) => ask({ type: "find", call: call.index, side, text: wanted }))).then(
        ([backend, agent]) => {
          if (!current) return;
          setFound({ backend: backend!, agent: agent! });
          setAt(0);
          announce(`Found ${backend!.total} times from the backend, ${agent!.total} times for the agent`);
        },
        () => undefined,
      );
    }, 150);
    return () => {
      current = false;
      clearTimeout(timer);
    };
  }, [text, call]);

  if (parts === undefined) return <p class="pp-muted">{fault || "Loading"}</p>;
  const places = sides.flatMap((side) => (found[side]?.hits ?? []).map((hit) => ({ side, hit })));
  const place = places[at];
  return (
    <div class="pp-received">
      <div class="pp-tools">
        <Search
          found={found}
          text={text}
          at={at}
          onText={setText}
          onStep={(by) => places.length > 0 && setAt((at + by + places.length) % places.length)}
        />
        <fieldset class="pp-filter">
          <legend class="pp-quiet">Shown as</legend>
          {views.map(([value, name]) => (
            <label key={name}>
              <input type="radio" name={group} checked={literal === value} onChange={() => setLiteral(value)} />
              <span>{name}</span>
            </label>
          ))}
        </fieldset>
      </div>
      <div class="pp-pair">
        {sides.map((side) => (
          <Pane
            key={side}
            ask={ask}
            call={call.index}
            side={side}
            parts={parts[side] ?? []}
            literal={literal}
            search={text.trim()}
            place={place?.side === side ? place.hit : undefined}
          />
        ))}
      </div>
    </div>
  );
}
