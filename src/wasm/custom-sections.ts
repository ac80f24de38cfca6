// What a module's custom sections say of it.
import type { ModuleOutline } from "./binary.ts";
import { createCursor, readBytes, readUnsigned } from "./leb.ts";

/** The custom sections' names, for reports. */
export function customSections(outline: ModuleOutline): string[] {
  return outline.sections.flatMap((section) => (section.name === undefined ? [] : [section.name]));
}

/** The producers section's tools, such as `rustc 1.96.0`, for reports; empty when there is none or it cannot be read. */
export function producers(bytes: Uint8Array, outline: ModuleOutline): string[] {
  const section = outline.sections.find(({ name }) => name === "producers");
  if (section === undefined) return [];
  try {
    const decoder = new TextDecoder();
    const cursor = createCursor(bytes, section.content, section.end);
    readBytes(cursor);
    const tools: string[] = [];
    for (let fields = readUnsigned(cursor); fields > 0; fields--) {
      readBytes(cursor);
      for (let values = readUnsigned(cursor); values > 0; values--) {
        tools.push(`${decoder.decode(readBytes(cursor))} ${decoder.decode(readBytes(cursor))}`.trim());
      }
    }
    return tools;
  } catch {
    return [];
  }
}
