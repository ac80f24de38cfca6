// Workers import compiled modules.
declare module "edge-guard/repo-guard.wasm" {
  const module: WebAssembly.Module;
  export default module;
}
