package main

import (
	"encoding/binary"
	"runtime/debug"
	"unsafe"
)

// The host's cap on memory is 32 MiB unless it says otherwise; the collector should know before it is too late.
func init() { debug.SetMemoryLimit(24 << 20) }

//go:wasmimport env call_backend
func callBackend(tool unsafe.Pointer, toolLength uint32, args unsafe.Pointer, argsLength uint32, result unsafe.Pointer, capacity uint32) int32

//go:wasmimport env host_log
func hostLog(level uint32, message unsafe.Pointer, length uint32)

// Go takes for granted that nobody else grows its memory (runtime.sbrk does not look at where the new pages are), so a host that
// grew it for its own buffers would share them with Go's heap: a guard in Go must export alloc and dealloc.
var buffers = map[uint32][]byte{}

//go:wasmexport alloc
func alloc(size uint32) uint32 {
	buffer := make([]byte, max(size, 1))
	pointer := uint32(uintptr(unsafe.Pointer(unsafe.SliceData(buffer))))
	buffers[pointer] = buffer
	return pointer
}

//go:wasmexport dealloc
func dealloc(pointer, _ uint32) { delete(buffers, pointer) }

func bytesAt(pointer, length uint32) []byte {
	return unsafe.Slice((*byte)(unsafe.Pointer(uintptr(pointer))), length)
}

func log(level int, message string) {
	hostLog(uint32(level), unsafe.Pointer(unsafe.StringData(message)), uint32(len(message)))
}

// ask asks the backend; a result that does not fit is asked for again with a buffer of the size it needs.
func ask(tool string, arguments []byte) ([]byte, bool) {
	result := make([]byte, 256)
	for range 3 {
		found := callBackend(
			unsafe.Pointer(unsafe.StringData(tool)), uint32(len(tool)),
			unsafe.Pointer(unsafe.SliceData(arguments)), uint32(len(arguments)),
			unsafe.Pointer(unsafe.SliceData(result)), uint32(len(result)),
		)
		if found >= 0 {
			return result[:found], true
		}
		if found != tooSmall {
			return nil, false
		}
		result = make([]byte, max(int(binary.LittleEndian.Uint32(result)), 2*len(result)))
	}
	return nil, false
}

// write puts the answer into the host's buffer and gives what the label function returns.
func write(text []byte, output, capacity uint32) int32 {
	target := bytesAt(output, capacity)
	if len(text) <= len(target) {
		return int32(copy(target, text))
	}
	if len(target) >= 4 {
		binary.LittleEndian.PutUint32(target, uint32(len(text)))
	}
	return tooSmall
}
