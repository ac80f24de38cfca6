//! What the host offers, and the buffers that it writes to.
use std::alloc::{alloc as allocate, dealloc as release, Layout};
use std::fmt;

#[link(wasm_import_module = "env")]
extern "C" {
    fn call_backend(tool: *const u8, tool_length: usize, args: *const u8, args_length: usize, result: *mut u8, capacity: usize) -> i32;
    fn host_log(level: u32, message: *const u8, length: usize);
}

#[link(wasm_import_module = "wasi_snapshot_preview1")]
extern "C" {
    fn random_get(buffer: *mut u8, length: usize) -> i32;
}

pub const TOO_SMALL: i32 = -2;

#[derive(Clone, Copy)]
pub enum Level {
    Debug,
    Info,
    Warn,
    Error,
}

impl fmt::Display for Level {
    fn fmt(&self, to: &mut fmt::Formatter) -> fmt::Result {
        to.write_str(["debug", "info", "warn", "error"][*self as usize])
    }
}

pub fn log(level: Level, message: &str) {
    unsafe { host_log(level as u32, message.as_ptr(), message.len()) }
}

pub fn random() -> [u8; 8] {
    let mut bytes = [0; 8];
    unsafe { random_get(bytes.as_mut_ptr(), bytes.len()) };
    bytes
}

/// Asks the backend; a result that does not fit is asked for again with a buffer of the size it needs.
pub fn ask(tool: &str, arguments: &str) -> Option<Vec<u8>> {
    let mut result = vec![0u8; 256];
    for _ in 0..3 {
        let (from, capacity) = (result.as_mut_ptr(), result.len());
        let found = unsafe { call_backend(tool.as_ptr(), tool.len(), arguments.as_ptr(), arguments.len(), from, capacity) };
        if found >= 0 {
            result.truncate(found as usize);
            return Some(result);
        }
        if found != TOO_SMALL {
            return None;
        }
        let needed = u32::from_le_bytes([result[0], result[1], result[2], result[3]]) as usize;
        result = vec![0; needed.max(capacity * 2)];
    }
    None
}

pub struct Answer {
    output: *mut u8,
    capacity: usize,
}

impl Answer {
    pub fn new(output: *mut u8, capacity: usize) -> Self {
        Answer { output, capacity }
    }

    pub unsafe fn write(self, bytes: &[u8]) -> i32 {
        let needed = (bytes.len() as u32).to_le_bytes();
        let (from, status) = if bytes.len() <= self.capacity { (bytes, bytes.len() as i32) } else { (&needed[..], TOO_SMALL) };
        if from.len() <= self.capacity {
            std::ptr::copy_nonoverlapping(from.as_ptr(), self.output, from.len());
        }
        status
    }
}

fn layout(size: usize) -> Option<Layout> {
    Layout::from_size_align(size.max(1), 8).ok()
}

#[no_mangle]
pub extern "C" fn alloc(size: usize) -> *mut u8 {
    layout(size).map_or(std::ptr::null_mut(), |layout| unsafe { allocate(layout) })
}

#[no_mangle]
pub unsafe extern "C" fn dealloc(pointer: *mut u8, size: usize) {
    if let Some(layout) = layout(size) {
        release(pointer, layout)
    }
}
