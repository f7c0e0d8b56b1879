// Says what the build of the addon lacks, in the first line that is printed: node-gyp would say it on page three, or nothing at all. An
// argument `demo` adds what works without. Plain JavaScript: it may run before anything is there.
import { accessSync, constants, statSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** What is asked for, by which names it is there, and Debian's package. */
const tools = [
  { what: 'a C++20 compiler', names: [process.env.CXX, 'c++', 'g++', 'clang++'], package: 'g++' },
  { what: 'make', names: [process.env.MAKE, 'make', 'gmake'], package: 'make' },
  {
    what: 'Python 3',
    names: [process.env.PYTHON, process.env.npm_config_python, 'python3', 'python'],
    package: 'python3',
  },
];

/** @param command a path, or a name to be found in PATH; what stands behind a space are its arguments. */
function isThere(command) {
  return command
    .split(' ')
    .slice(0, 1)
    .some((name) =>
      (name.includes('/') ? [''] : (process.env.PATH ?? '').split(delimiter)).some((folder) => {
        const path = join(folder, name);
        try {
          accessSync(path, constants.X_OK);
          return statSync(path).isFile();
        } catch {
          return false;
        }
      }),
    );
}

/** The tools of the build that this machine lacks. */
export const missingTools = () => tools.filter(({ names }) => !names.some((name) => name && isThere(name)));

if (process.argv[1] === fileURLToPath(import.meta.url) && process.platform !== 'win32') {
  const missing = missingTools();
  if (missing.length > 0) {
    console.error(
      `The addon cannot be built: ${missing.map(({ what }) => what).join(', ')} missing. ` +
        `Debian and Ubuntu: apt-get install ${missing.map((tool) => tool.package).join(' ')}`,
    );
    if (process.argv[2] === 'demo')
      console.error('Without it the demo trains in plain TypeScript, many times slower: npm run demo:reference');
    process.exit(1);
  }
}
