// The field that says which of a scenario's servers is meant.
import type { ComponentChild } from "preact";

export interface ServerChoiceProps {
  readonly servers: readonly string[];
  readonly value: string | undefined;
  readonly class?: string;
  onChange(server: string): void;
}

export function ServerChoice({ servers, value, onChange, ...rest }: ServerChoiceProps): ComponentChild {
  return (
    <label {...rest}>
      Server{" "}
      <select value={value} onChange={(event) => onChange(event.currentTarget.value)}>
        {servers.map((id) => (
          <option key={id}>{id}</option>
        ))}
      </select>
    </label>
  );
}
