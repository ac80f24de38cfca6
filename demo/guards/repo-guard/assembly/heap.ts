// The guest's memory: an address-ordered free list that merges neighbours and answers 0, never a trap, when memory is used up.

const HEADER: usize = 16;
const USED: u32 = 0x75736564;

let firstFree: usize = 0;
let ready: bool = false;

/** Returns at least `size` bytes, aligned to 16, or 0 when there is no memory left. */
export function allocate(size: usize): usize {
  if (size > 0x7fff0000) return 0;
  const need = ((size + 15) & ~15) + HEADER + (size == 0 ? 16 : 0);
  if (!ready) {
    ready = true;
    const start = (__heap_base + 15) & ~15;
    const end = (<usize>memory.size()) << 16;
    if (end > start + HEADER * 2) insert(start, end - start);
  }
  while (true) {
    let previous: usize = 0;
    let at = firstFree;
    while (at != 0) {
      const has = <usize>load<u32>(at);
      if (has >= need) return take(previous, at, has, need);
      if (load<u32>(at, 8) == 0) break;
      previous = at;
      at = load<u32>(at, 8);
    }
    // A free block at the very end of memory only has to grow by what it lacks.
    const end = (<usize>memory.size()) << 16;
    const tail = at != 0 && at + load<u32>(at) == end ? <usize>load<u32>(at) : 0;
    const pages = <i32>((need - tail + 0xffff) >>> 16);
    const from = memory.grow(pages);
    if (from < 0) return 0;
    insert((<usize>from) << 16, (<usize>pages) << 16);
  }
  return 0;
}

/** Gives back what {@link allocate} returned; anything else is ignored. */
export function release(pointer: usize): void {
  if (pointer < __heap_base + HEADER || pointer >= (<usize>memory.size()) << 16 || (pointer & 15) != 0) return;
  const at = pointer - HEADER;
  if (load<u32>(at, 4) != USED) return;
  insert(at, load<u32>(at));
}

function take(previous: usize, at: usize, has: usize, need: usize): usize {
  let next: usize = load<u32>(at, 8);
  if (has - need >= HEADER * 2) {
    const rest = at + need;
    store<u32>(rest, <u32>(has - need));
    store<u32>(rest, 0, 4);
    store<u32>(rest, <u32>next, 8);
    next = rest;
    store<u32>(at, <u32>need);
  }
  if (previous == 0) firstFree = next;
  else store<u32>(previous, <u32>next, 8);
  store<u32>(at, USED, 4);
  return at + HEADER;
}

function insert(at: usize, size: usize): void {
  let previous: usize = 0;
  let next = firstFree;
  while (next != 0 && next < at) {
    previous = next;
    next = load<u32>(next, 8);
  }
  if (next != 0 && at + size == next) {
    size += load<u32>(next);
    next = load<u32>(next, 8);
  }
  if (previous != 0 && previous + load<u32>(previous) == at) {
    store<u32>(previous, load<u32>(previous) + <u32>size);
    store<u32>(previous, <u32>next, 8);
    return;
  }
  store<u32>(at, <u32>size);
  store<u32>(at, 0, 4);
  store<u32>(at, <u32>next, 8);
  if (previous == 0) firstFree = at;
  else store<u32>(previous, <u32>at, 8);
}
