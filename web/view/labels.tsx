// Labels as chips: the kind in words and in colour, then its tags; an empty label says what it means.
import type { Labels } from "edge-guard";
import type { ComponentChild } from "preact";

type Kind = keyof Labels;

const meaningOfEmpty: { readonly [kind in Kind]: string } = { secrecy: "public", integrity: "untrusted" };

interface ChipProps {
  readonly kind: Kind;
  readonly tags: readonly string[];
  /** Tags that are new here, and tags that are gone. */
  readonly added?: readonly string[];
  readonly dropped?: readonly string[];
  /** Makes the tags buttons. */
  readonly onTag?: (kind: Kind, tag: string) => void;
}

/** What all tags of a label end with, from a `:` or `;` on: the scope, in the spelling of the guards that we know. Else empty. */
export function sharedEnding(tags: readonly string[]): string {
  const ending = /[:;].*$/s.exec(tags[0] ?? "")?.[0] ?? "";
  return tags.length > 1 && tags.every((tag) => tag.length > ending.length && tag.endsWith(ending)) ? ending : "";
}

/** A label as one chip. An ending that all tags share is shown once; the text stays that of the whole tags. */
export function Chip({ kind, tags, added = [], dropped = [], onTag }: ChipProps): ComponentChild {
  const all = [...tags, ...dropped];
  const ending = sharedEnding(all);
  return (
    <span class={`pp-chip pp-${kind}`} title={all.join("  ")}>
      <span class="pp-kind">{kind}</span>
      {all.length === 0 && <span class="pp-tag pp-empty">{meaningOfEmpty[kind]}</span>}
      {all.map((tag) => {
        const isNew = added.includes(tag);
        const Tag = isNew ? "ins" : dropped.includes(tag) ? "del" : "span";
        const text = (
          <>
            {isNew && <span aria-hidden="true">+</span>}
            {tag.slice(0, tag.length - ending.length)}
            {ending !== "" && <span class="pp-quiet">{ending}</span>}
          </>
        );
        return (
          <Tag class="pp-tag" key={tag}>
            {onTag === undefined ? (
              text
            ) : (
              <button
                type="button"
                title={`Where ${tag} came from, and what it decided`}
                onClick={() => onTag(kind, tag)}
              >
                {text}
              </button>
            )}
          </Tag>
        );
      })}
      {ending !== "" && (
        <span class="pp-ending" aria-hidden="true">
          {ending}
        </span>
      )}
    </span>
  );
}

interface LabelChipsProps extends Pick<ChipProps, "onTag"> {
  readonly labels: Labels;
}

/** Both labels of something. */
export function LabelChips({ labels, onTag }: LabelChipsProps): ComponentChild {
  return (
    <span class="pp-chips">
      {kinds.map((kind) => (
        <Chip key={kind} kind={kind} tags={labels[kind]} {...(onTag && { onTag })} />
      ))}
    </span>
  );
}

const kinds = ["secrecy", "integrity"] as const;

interface AgentLabelsProps {
  readonly before: Labels;
  readonly after: Labels;
  onTag(kind: Kind, tag: string): void;
}

/** The agent's labels around a call: once when they stayed, else with what came and what went. Each tag leads to its history. */
export function AgentLabels({ before, after, onTag }: AgentLabelsProps): ComponentChild {
  const difference = (kind: Kind, from: Labels, to: Labels) => to[kind].filter((tag) => !from[kind].includes(tag));
  const changed = kinds.some(
    (kind) => difference(kind, before, after).length + difference(kind, after, before).length > 0,
  );
  if (!changed) {
    return (
      <p class="pp-agent">
        <span class="pp-lead">Agent, unchanged</span>
        <LabelChips labels={after} onTag={onTag} />
      </p>
    );
  }
  return (
    <p class="pp-agent">
      <span class="pp-lead">Agent before</span>
      <LabelChips labels={before} onTag={onTag} />
      <span class="pp-lead">after</span>
      <span class="pp-chips">
        {kinds.map((kind) => (
          <Chip
            key={kind}
            kind={kind}
            tags={after[kind]}
            added={difference(kind, before, after)}
            dropped={difference(kind, after, before)}
            onTag={onTag}
          />
        ))}
      </span>
    </p>
  );
}
