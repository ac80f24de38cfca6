// Starts the playground.
import "edge-guard/web";
import { render } from "preact";
import { App } from "./app.tsx";
import { createStore } from "./store.ts";
import { applyTheme } from "./theme.tsx";

applyTheme();
render(<App store={createStore()} />, document.getElementById("app")!);
