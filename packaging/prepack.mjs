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
for (const name of existsSync(built) ? readdirSync(built) : []) {
  if (readFileSync(join(built, name, 'sources'), 'utf8') !== sourcesHash()) {
    console.error(`build-prebuilds/prebuilds/${name} is of other sources than those here: npm run prebuilds -- --all`);
    process.exit(1);
  }
  mkdirSync(join(packed, name), { recursive: true });
  cpSync(join(built, name, 'lanewise.node'), join(packed, name, 'lanewise.node'));
}
const own = join(packed, `${process.platform}-${process.arch}`, 'lanewise.node');
if (!existsSync(own)) {
  mkdirSync(dirname(own), { recursive: true });
  cpSync(join(root, 'build/Release/lanewise.node'), own);
}
