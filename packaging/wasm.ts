/** Reads what a WebAssembly module asks of its host, and what it offers. */

export interface Wasm {
  /** Names of modules that it imports from. */
  readonly imported: readonly string[];
  readonly exported: readonly string[];
}

interface Entry {
  readonly module: string;
  readonly name: string;
}

/** Node's types leave it to those of browsers. */
declare const WebAssembly: {
  Module: {
    new (bytes: Uint8Array): object;
    imports(module: object): Entry[];
    exports(module: object): Entry[];
  };
};

/** @throws Error for what is no module that this Node can compile. */
export function readWasm(bytes: Buffer): Wasm {
  const module = new WebAssembly.Module(bytes);
  return {
    imported: [...new Set(WebAssembly.Module.imports(module).map((entry) => entry.module))],
    exported: WebAssembly.Module.exports(module).map(({ name }) => name),
  };
}
