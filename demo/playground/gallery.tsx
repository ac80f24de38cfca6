// The scenarios: searchable, grouped; one tab stop, arrow keys move inside.
import type { ComponentChild } from "preact";
import { useRef, useState } from "preact/hooks";
import type { GalleryEntry, State } from "./store.ts";

/** Entries that hold every word of the search in their title, group or name. */
export function findEntries(gallery: readonly GalleryEntry[], search: string): readonly GalleryEntry[] {
  const words = search.toLowerCase().split(/\s+/).filter(Boolean);
  return gallery.filter(({ name, title, group }) => {
    const text = `${title} ${group} ${name}`.toLowerCase();
    return words.every((word) => text.includes(word));
  });
}

export function Gallery({ state }: { readonly state: State }): ComponentChild {
  const [search, setSearch] = useState("");
  const list = useRef<HTMLDivElement>(null);
  const found = findEntries(state.gallery, search);
  const groups = Map.groupBy(found, ({ group }) => group);
  const entry = found.some(({ name }) => name === state.selected) ? state.selected : found[0]?.name;

  function move(event: KeyboardEvent): void {
    const links = [...(list.current?.querySelectorAll("a") ?? [])];
    const at = links.indexOf(document.activeElement as HTMLAnchorElement);
    const to = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: links.length - 1 }[event.key];
    if (to === undefined || at === -1) return;
    event.preventDefault();
    links[Math.max(0, Math.min(links.length - 1, to))]?.focus();
  }

  function leaveSearch(event: KeyboardEvent): void {
    if (event.key === "ArrowDown") list.current?.querySelector("a")?.focus();
    else if (event.key === "Enter" && found[0]) location.hash = `scenario=${encodeURIComponent(found[0].name)}`;
    else return;
    event.preventDefault();
  }

  return (
    <nav class="gallery" aria-label="Scenarios">
      <label class="quiet" for="search">
        Search scenarios
      </label>
      <input
        id="search"
        type="search"
        placeholder={`Search ${state.gallery.length} scenarios`}
        value={search}
        onInput={(event) => setSearch(event.currentTarget.value)}
        onKeyDown={leaveSearch}
      />
      {/* biome-ignore lint/a11y/noStaticElementInteractions: the links inside take the keys; this only listens for arrows */}
      <div class="groups" ref={list} onKeyDown={move}>
        {[...groups].map(([group, entries]) => (
          <section key={group} aria-label={group}>
            <h2>{group}</h2>
            <ul>
              {entries.map(({ name, title }) => (
                <li key={name}>
                  <a
                    href={`#scenario=${encodeURIComponent(name)}`}
                    aria-current={name === state.selected ? "true" : undefined}
                    tabIndex={name === entry ? 0 : -1}
                    data-scenario={name}
                  >
                    {title}
                  </a>
                </li>
              ))}
            </ul>
          </section>
        ))}
      </div>
      <p class="none" role="status">
        {found.length === 0 && state.gallery.length > 0 && `No scenario matches “${search}”`}
      </p>
    </nav>
  );
}
