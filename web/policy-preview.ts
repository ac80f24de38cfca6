// <policy-preview>, registered: what a page gets by importing edge-guard/web. For the class alone import edge-guard/web/element.
import { definePolicyPreview } from "./element.ts";

export * from "./element.ts";

definePolicyPreview();
