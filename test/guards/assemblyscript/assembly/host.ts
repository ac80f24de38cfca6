// What the host offers, and the buffers that it writes to.

// @ts-ignore: decorator
@external("env", "call_backend")
declare function call_backend(tool: usize, toolLength: i32, args: usize, argsLength: i32, result: usize, capacity: i32): i32;
// @ts-ignore: decorator
@external("env", "host_log")
declare function host_log(level: i32, message: usize, length: i32): void;

export const TOO_SMALL: i32 = -2;

export function alloc(size: i32): usize {
  return heap.alloc(max(size, 1));
}

export function dealloc(pointer: usize, _size: i32): void {
  heap.free(pointer);
}

export function log(level: i32, message: string): void {
  const bytes = String.UTF8.encode(message);
  host_log(level, changetype<usize>(bytes), bytes.byteLength);
}

/** Asks the backend; a result that does not fit is asked for again with a buffer of the size it needs. `null` when it fails. */
export function ask(tool: string, args: string): string | null {
  const name = String.UTF8.encode(tool);
  const given = String.UTF8.encode(args);
  let result = new ArrayBuffer(256);
  for (let attempt = 0; attempt < 3; attempt++) {
    const at = changetype<usize>(result);
    const found = call_backend(changetype<usize>(name), name.byteLength, changetype<usize>(given), given.byteLength, at, result.byteLength);
    if (found >= 0) return String.UTF8.decodeUnsafe(at, found);
    if (found != TOO_SMALL) return null;
    result = new ArrayBuffer(max(load<i32>(at), 2 * result.byteLength));
  }
  return null;
}

/** Writes the answer, in parts so that long ones need not be copied together; gives what the label function returns. */
export function write(parts: string[], output: usize, capacity: i32): i32 {
  let needed = 0;
  for (let i = 0; i < parts.length; i++) needed += String.UTF8.byteLength(parts[i]);
  if (needed > capacity) {
    if (capacity >= 4) store<i32>(output, needed);
    return TOO_SMALL;
  }
  for (let i = 0; i < parts.length; i++) output += String.UTF8.encodeUnsafe(changetype<usize>(parts[i]), parts[i].length, output);
  return needed;
}
