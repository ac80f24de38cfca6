// Keeps the page for use without a network, and tells when another build is ready. Without service workers nothing is lost but that.
import { takeOver } from "./messages.ts";

/** `onReady` gets a function that loads the page anew with the other build. */
export async function keepOffline(onReady: (update: () => void) => void): Promise<void> {
  const { serviceWorker } = navigator as { readonly serviceWorker?: ServiceWorkerContainer };
  if (serviceWorker === undefined) return;
  let registration: ServiceWorkerRegistration | undefined;
  try {
    registration = await serviceWorker.register("offline.js", { updateViaCache: "none" });
  } catch {
    // Private windows, pages that are no secure context: they work with a network.
    return;
  }
  // Extensions and test drivers that block service workers answer with nothing.
  if (registration === undefined) return;
  const kept = registration;
  const offer = (): void => {
    const { waiting } = kept;
    // The first build has nothing to replace.
    if (waiting === null || serviceWorker.controller === null) return;
    onReady(() => {
      serviceWorker.addEventListener("controllerchange", () => location.reload(), { once: true });
      waiting.postMessage(takeOver);
    });
  };
  offer();
  kept.addEventListener("updatefound", () => {
    const { installing } = kept;
    installing?.addEventListener("statechange", () => {
      if (installing.state === "installed") offer();
    });
  });
}
