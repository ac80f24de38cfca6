// The choice between the code editor and the browser's own fields.
import type { ComponentChild } from "preact";
import { chooseFieldKind, type FieldKind, useFieldKind } from "./preference.ts";

export function FieldToggle(): ComponentChild {
  const { kind } = useFieldKind();
  return (
    <label class="toggle">
      <span>Editor</span>
      <select value={kind} onChange={(event) => chooseFieldKind(event.currentTarget.value as FieldKind)}>
        <option value="code">Code</option>
        <option value="plain">Plain text</option>
      </select>
    </label>
  );
}
