/** The sources that the rules of the house look at, and what a broken rule looks like. */
import { readdirSync, readFileSync } from 'node:fs';
import { extname, join, sep } from 'node:path';
import { fileURLToPath } from 'node:url';

export interface SourceFile {
  /** From the root of the repository, with slashes. */
  readonly path: string;
  readonly text: string;
}

export interface Violation {
  readonly path: string;
  /** What stands there. */
  readonly what: string;
  /** Which rule that breaks. */
  readonly rule: string;
}

/** A rule: a pure function from sources to what breaks it, so that it can be shown bad examples. */
export type Rule = (files: readonly SourceFile[]) => Violation[];

export const root = fileURLToPath(new URL('../../', import.meta.url));

/** Data made by programs, and what git does not keep. */
const skippedNames = new Set(['node_modules', 'dist', 'build', '.venv', '__pycache__', '.cache']);
const textNames = new Set(['.ts', '.cc', '.h', '.inc', '.txt', '.cmake', '.sh', '.py', '.md', '.gyp', '.toolchain']);

function walk(folder: string): string[] {
  return readdirSync(join(root, folder), { withFileTypes: true }).flatMap((entry) => {
    if (skippedNames.has(entry.name)) return [];
    const path = `${folder}/${entry.name}`;
    if (entry.isDirectory()) return walk(path);
    return entry.isFile() && textNames.has(extname(entry.name)) ? [path] : [];
  });
}

export function readSource(path: string): SourceFile {
  return { path: path.split(sep).join('/'), text: readFileSync(join(root, path), 'utf8') };
}

/** Every source of the folders of the house, and the files next to them that say how it is built. */
export function readTree(): SourceFile[] {
  const folders = ['src', 'native', 'test', 'bench', 'examples', 'packaging'].flatMap(walk);
  return [...folders, 'binding.gyp', 'package.json'].map(readSource);
}

export function format({ path, what, rule }: Violation): string {
  return `${path}: ${what} (${rule})`;
}
