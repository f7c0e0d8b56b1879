/**
 * The names that a Mach-O file defines for others, in the trie that dyld looks them up in (`mach-o/loader.h`, `dyld_info_command`). zig's linker
 * puts every function there that several files share, which is a tenth of a packed binary: {@link keepExports} makes it again.
 */
import { findCommand } from './mach-o-commands.js';

const dyldInfo = 0x22;

/** Where the load command keeps the place of the trie and its size. */
function find(bytes: Buffer): number {
  const at = findCommand(bytes, dyldInfo);
  if (at === undefined) throw new Error('no names for dyld');
  return at + 40;
}

/** An unsigned LEB128, and what follows it. */
function number(trie: Buffer, at: number): [value: number, next: number] {
  let value = 0;
  for (let scale = 1; ; scale *= 128, at++) {
    value += (trie[at]! & 127) * scale;
    if (trie[at]! < 128) return [value, at + 1];
  }
}

function leb(value: number): number[] {
  return value < 128 ? [value] : [128 + (value % 128), ...leb(Math.floor(value / 128))];
}

/** What the trie has for each name: flags and an address, as they stand. */
export function readExports(bytes: Buffer): Map<string, Buffer> {
  const place = find(bytes);
  const start = bytes.readUInt32LE(place);
  const trie = bytes.subarray(start, start + bytes.readUInt32LE(place + 4));
  const found = new Map<string, Buffer>();
  const walk = (node: number, prefix: string): void => {
    const [size, terminal] = number(trie, node);
    if (size > 0) found.set(prefix, Buffer.from(trie.subarray(terminal, terminal + size)));
    let at = terminal + size;
    let children = trie[at++]!;
    for (; children > 0; children--) {
      const end = trie.indexOf(0, at);
      const [child, next] = number(trie, end + 1);
      walk(child, prefix + trie.toString('latin1', at, end));
      at = next;
    }
  };
  if (trie.length > 0) walk(0, '');
  return found;
}

interface Node {
  readonly value: Buffer;
  readonly children: readonly (readonly [edge: string, node: Node])[];
}

function treeOf(entries: readonly (readonly [name: string, value: Buffer])[]): Node {
  const value = entries.find(([name]) => name === '')?.[1] ?? Buffer.alloc(0);
  const rest = entries.filter(([name]) => name !== '');
  const children = [...new Set(rest.map(([name]) => name[0]!))].map((first) => {
    const below = rest.filter(([name]) => name.startsWith(first));
    const names = below.map(([name]) => name);
    let length = 1;
    while (names.every((name) => name.length > length && name[length] === names[0]![length])) length++;
    const node = treeOf(below.map(([name, of]) => [name.slice(length), of] as const));
    return [names[0]!.slice(0, length), node] as const;
  });
  return { value, children };
}

function write(root: Node): Buffer {
  const nodes: Node[] = [];
  const collect = (node: Node): void => {
    nodes.push(node);
    for (const [, child] of node.children) collect(child);
  };
  collect(root);
  const places = new Map<Node, number>(nodes.map((node) => [node, 0]));
  const bytesOf = ({ value, children }: Node): number[] => [
    ...[...leb(value.length), ...value, children.length],
    ...children.flatMap(([edge, child]) => [...Buffer.from(edge, 'latin1'), 0, ...leb(places.get(child)!)]),
  ];
  // Places get no smaller from round to round, as the numbers that tell them grow.
  for (let moved = true; moved; ) {
    moved = false;
    let at = 0;
    for (const node of nodes) {
      if (places.get(node) !== at) moved = true;
      places.set(node, at);
      at += bytesOf(node).length;
    }
  }
  return Buffer.from(nodes.flatMap(bytesOf));
}

/** Exports these names alone. The signature does not fit afterwards. @throws Error when one of them is missing. */
export function keepExports(bytes: Buffer, names: readonly string[]): void {
  const all = readExports(bytes);
  const kept = names.map((name) => {
    const value = all.get(name);
    if (value === undefined) throw new Error(`no export ${name}`);
    return [name, value] as const;
  });
  const trie = write(treeOf(kept));
  const place = find(bytes);
  const [start, size] = [bytes.readUInt32LE(place), bytes.readUInt32LE(place + 4)];
  if (trie.length > size) throw new Error('the new names take more than the old ones');
  bytes.fill(0, start, start + size);
  trie.copy(bytes, start);
  // As linkers do: a multiple of 8.
  bytes.writeUInt32LE(Math.min(size, Math.ceil(trie.length / 8) * 8), place + 4);
}
