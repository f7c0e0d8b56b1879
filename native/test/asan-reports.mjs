// Which reports of AddressSanitizer and its companions are about lanewise: `node asan-reports.mjs FILE...` prints those and
// exits with 1.
//
// Errors are, all of them: in a stock Node only the addon is instrumented. Leaks are when lanewise asked for the memory, or
// for something that asked for it: when a frame of the stack lies in the addon. Node and other addons leave memory of
// their own behind at exit.
import { readFileSync } from 'node:fs';

const own = /\/lanewise\.node\b|\/native\/(core|kernels|ops|program|binding)\//;

const found = [];
let others = 0;
for (const path of process.argv.slice(2)) {
  const text = readFileSync(path, 'utf8');
  if (text.trim() === '') continue;
  if (!text.includes('LeakSanitizer')) {
    found.push(text);
    continue;
  }
  for (const leak of text.split(/\n\s*\n/).filter((part) => /^(Direct|Indirect) leak/.test(part)))
    if (own.test(leak)) found.push(leak);
    else others++;
}
for (const report of found) console.log(report.trim(), '\n');
console.log(`AddressSanitizer: ${found.length} reports about lanewise, ${others} leaks of others`);
process.exitCode = found.length > 0 ? 1 : 0;
