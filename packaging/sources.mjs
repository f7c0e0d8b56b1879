// What a binary is made of, as one number, by which an old one is known.
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../', import.meta.url));

/** A file of this folder, and all that it imports from here. */
export function withImports(path, found = new Set()) {
  if (found.has(path)) return found;
  found.add(path);
  for (const [, name, end] of readFileSync(join(root, path), 'utf8').matchAll(/ from '\.\/([\w-]+)\.(m?js)';/g))
    withImports(`packaging/${name}.${end === 'js' ? 'ts' : end}`, found);
  return found;
}

/** Of the C++ sources but the tests, the version, and how they are compiled. */
export function sourcesHash() {
  const files = readdirSync(join(root, 'native'), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && /\.(cc|h|inc|txt)$/.test(entry.name))
    .map((entry) => relative(root, join(entry.parentPath, entry.name)).replaceAll('\\', '/'))
    .filter((path) => !/^native\/(test|bench)\//.test(path));
  const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
  const hash = createHash('sha256').update(version);
  const how = [...withImports('packaging/zig.ts'), 'packaging/package-lock.json'];
  for (const path of [...files, ...how].sort()) hash.update(`${path}\0`).update(readFileSync(join(root, path)));
  return hash.digest('hex');
}
