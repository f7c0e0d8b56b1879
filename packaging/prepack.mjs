// Puts the binaries that go into the package into prebuilds/: those of `npm run prebuilds`, and for a platform that it has not built, if it is
// this one, what `npm run build` has made. Plain JavaScript, since tests pack copies of the checkout that have no packages.
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { sourcesHash } from './sources.mjs';

const root = fileURLToPath(new URL('../', import.meta.url));
const built = join(root, 'build-prebuilds/prebuilds');
const packed = join(root, 'prebuilds');

rmSync(packed, { recursive: true, force: true });
for (const file of existsSync(built) ? readdirSync(built, { recursive: true }) : []) {
  if (!/\.(node|wasm)$/.test(file)) continue;
  if (readFileSync(join(built, `${file}.sources`), 'utf8') !== sourcesHash()) {
    console.error(`build-prebuilds/prebuilds/${file} is of other sources than those here: npm run prebuilds -- --all`);
    process.exit(1);
  }
  mkdirSync(dirname(join(packed, file)), { recursive: true });
  cpSync(join(built, file), join(packed, file));
}
const own = join(packed, `${process.platform}-${process.arch}`, 'lanewise.node');
if (!existsSync(own)) {
  mkdirSync(dirname(own), { recursive: true });
  cpSync(join(root, 'build/Release/lanewise.node'), own);
}
