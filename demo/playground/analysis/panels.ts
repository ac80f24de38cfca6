// What is loaded once the page stands: the other views of a result, and the questions behind it.
export { BackendPanel } from "../backend-panel.tsx";
export { Compare } from "./compare.tsx";
export { Coverage } from "./coverage.tsx";
export { Modes } from "./modes.tsx";
export { ReachView } from "./reach.tsx";
