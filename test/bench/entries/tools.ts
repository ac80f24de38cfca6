// What the bench's own tools need of the sources.
export { prepareGuard } from "edge-guard";
export { addFuel } from "../../../src/wasm/fuel.ts";
export { bars } from "../bars.ts";
