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
}

/** What all tags of a label end with, from a `:` or `;` on: the scope, in the spelling of the guards that we know. Else empty. */
export function sharedEnding(tags: readonly string[]): string {
  const ending = /[:;].*$/s.exec(tags[0] ?? "")?.[0] ?? "";
  return tags.length > 1 && tags.every((tag) => tag.length > ending.length && tag.endsWith(ending)) ? ending : "";
}

/** A label as one chip. An ending that all tags share is shown once; the text stays that of the whole tags. */
export function Chip({ kind, tags, added = [], dropped = [] }: ChipProps): ComponentChild {
  const all = [...tags, ...dropped];
  const ending = sharedEnding(all);
  return (
    <span class={`pp-chip pp-${kind}`} title={all.join("  ")}>
      <span class="pp-kind">{kind}</span>
      {all.length === 0 && <span class="pp-tag pp-empty">{meaningOfEmpty[kind]}</span>}
      {all.map((tag) => {
        const isNew = added.includes(tag);
        const Tag = isNew ? "ins" : dropped.includes(tag) ? "del" : "span";
        return (
          <Tag class="pp-tag" key={tag}>
            {isNew && <span aria-hidden="true">+</span>}
            {tag.slice(0, tag.length - ending.length)}
            {ending !== "" && <span class="pp-quiet">{ending}</span>}
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

/** Both labels of something. */
export function LabelChips({ labels }: { readonly labels: Labels }): ComponentChild {
  return (
    <span class="pp-chips">
      <Chip kind="secrecy" tags={labels.secrecy} />
      <Chip kind="integrity" tags={labels.integrity} />
    </span>
  );
}

/** The agent's labels around a call: once when they stayed, else with what came and what went. */
export function AgentLabels({ before, after }: { readonly before: Labels; readonly after: Labels }): ComponentChild {
  const difference = (kind: Kind, from: Labels, to: Labels) => to[kind].filter((tag) => !from[kind].includes(tag));
  const changed = (["secrecy", "integrity"] as const).some(
    (kind) => difference(kind, before, after).length + difference(kind, after, before).length > 0,
  );
  if (!changed) {
    return (
      <p class="pp-agent">
        <span class="pp-lead">Agent, unchanged</span>
        <LabelChips labels={after} />
      </p>
    );
  }
  return (
    <p class="pp-agent">
      <span class="pp-lead">Agent before</span>
      <LabelChips labels={before} />
      <span class="pp-lead">after</span>
      <span class="pp-chips">
        {(["secrecy", "integrity"] as const).map((kind) => (
          <Chip
            key={kind}
            kind={kind}
            tags={after[kind]}
            added={difference(kind, before, after)}
            dropped={difference(kind, after, before)}
          />
        ))}
      </span>
    </p>
  );
}
