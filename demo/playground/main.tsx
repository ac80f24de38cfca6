// Starts the playground.
import { definePolicyPreview } from "edge-guard/web";
import { render } from "preact";
import { App } from "./app.tsx";
import { createStore } from "./store.ts";
import { applyTheme } from "./theme.tsx";

applyTheme();
definePolicyPreview();
const store = createStore();
render(<App store={store} />, document.getElementById("app")!);

// What is needed now comes first.
addEventListener("load", async () => {
  const { keepOffline } = await import("./offline/register.ts");
  await keepOffline((update) =>
    store.notify({
      name: "update",
      kind: "info",
      text: "A newer version of this page is ready.",
      action: { label: "Use it now", run: update },
    }),
  );
});
