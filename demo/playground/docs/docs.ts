// What drives the examples of the page about embedding: the code that stands beside them, with the types of this project.

import type { FromEmbed, ToEmbed } from "../embed/messages.ts";
import type { Scenario } from "../scenario.ts";
import { applyTheme } from "../theme.tsx";

applyTheme();

async function load(name: string): Promise<Scenario> {
  const response = await fetch(`scenarios/${name}.json`);
  if (!response.ok) throw new Error(`Loading the scenario "${name}": the server answered ${response.status}`);
  return response.json() as Promise<Scenario>;
}

async function driveThemed(): Promise<void> {
  const preview = document.querySelector<HTMLElementTagNameMap["policy-preview"]>("policy-preview.ours")!;
  const level = document.querySelector<HTMLSelectElement>("#level")!;
  const scenario = await load("author-associations");
  const show = (): void => {
    const policy = { "allow-only": { repos: "all", "min-integrity": level.value } };
    const [[id, server]] = Object.entries(scenario.servers) as [[string, object]];
    const calls = scenario.calls.map((call) => ({ ...(call as object), expect: undefined }));
    preview.scenario = JSON.parse(
      JSON.stringify({ ...scenario, servers: { ...scenario.servers, [id]: { ...server, policy } }, calls }),
    );
  };
  preview.guards = "guards/repo-guard.wasm";
  preview.addEventListener("policy-preview:report", ({ detail }) => {
    const hidden = detail.calls.reduce((sum, call) => sum + call.counts.hidden, 0);
    document.querySelector("#outcome")!.textContent = `${hidden} hidden`;
  });
  level.addEventListener("change", show);
  show();
}

function driveFramed(): void {
  const frame = document.querySelector<HTMLIFrameElement>("#frame")!;
  const address = new URL("embed.html", document.baseURI);
  const say = (message: ToEmbed): void => frame.contentWindow?.postMessage(message, address.origin);
  const show = async (name: string): Promise<void> =>
    say({ type: "policy-preview:load", scenario: await load(name), theme: theme() });
  addEventListener("message", ({ source, data }: MessageEvent<FromEmbed>) => {
    if (source !== frame.contentWindow) return;
    if (data.type === "policy-preview:ready") void show("injected-issue-filter");
    if (data.type === "policy-preview:size") frame.height = String(data.height);
    if (data.type === "policy-preview:report") {
      const outcomes = data.report.calls.map(({ tool, status }) => `${tool}: ${status}`);
      document.querySelector("#heard")!.textContent = outcomes.join(", ");
    }
  });
  frame.src = address.href;
  document.querySelector<HTMLElement>("#first")!.onclick = () => void show("injected-issue-filter");
  document.querySelector<HTMLElement>("#second")!.onclick = () => void show("own-data");
}

const theme = (): "system" | "light" | "dark" => (document.documentElement.dataset["theme"] ?? "system") as "system";

await customElements.whenDefined("policy-preview");
driveFramed();
await driveThemed();
