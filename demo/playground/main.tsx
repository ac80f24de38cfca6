// Starts the playground.
import { definePolicyPreview } from "edge-guard/web";
import { render } from "preact";
import { App } from "./app.tsx";
import { createStore } from "./store.ts";
import { applyTheme } from "./theme.tsx";

applyTheme();
definePolicyPreview();
render(<App store={createStore()} />, document.getElementById("app")!);
