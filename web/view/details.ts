// What is loaded together when somebody looks closer for the first time.
export { ChangesPanel } from "./changes-panel.tsx";
export { Log, Mismatches, Phases, Questions } from "./folded.tsx";
export { Received } from "./received.tsx";
export { TagCard } from "./tag-card.tsx";
export { TimelineTable } from "./timeline-table.tsx";
export { VirtualList } from "./virtual-list.tsx";
