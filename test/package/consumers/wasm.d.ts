// What a Worker's bundler makes of a .wasm import.
declare module "*.wasm" {
  const module: WebAssembly.Module;
  export default module;
}
