// What is loaded once there is a result: its other views.
export { Compare } from "./compare.tsx";
export { Coverage } from "./coverage.tsx";
export { Modes } from "./modes.tsx";
export { ReachView } from "./reach.tsx";
