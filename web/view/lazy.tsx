// Parts of the report whose code is loaded when they are first shown.
import type { ComponentChild, FunctionComponent } from "preact";
import { useEffect, useState } from "preact/hooks";

/** A component that stands in for another one until its module is there. */
export function lazy<Props extends object>(load: () => Promise<FunctionComponent<Props>>): FunctionComponent<Props> {
  let loaded: FunctionComponent<Props> | undefined;
  return function Lazy(props: Props): ComponentChild {
    const [Part, setPart] = useState(() => loaded);
    const [fault, setFault] = useState("");
    useEffect(() => {
      if (Part !== undefined) return;
      load().then(
        (part) => {
          loaded = part;
          setPart(() => part);
        },
        (error: Error) => setFault(`This part could not be loaded: ${error.message}`),
      );
    }, []);
    if (fault !== "") return <p class="pp-fault">{fault}</p>;
    return Part === undefined ? <p class="pp-muted">Loading</p> : <Part {...props} />;
  };
}
