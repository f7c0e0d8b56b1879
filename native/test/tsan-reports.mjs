// Which reports of ThreadSanitizer are about lanewise: `node tsan-reports.mjs FILE...` prints those and exits with 1.
//
// In a stock Node only the addon is instrumented, but calls of pthread and of the allocator are seen everywhere, so the
// sanitizer also tells of V8, libuv and other addons, whose own atomics it cannot see. A report is about lanewise when one of
// its accesses was made by lanewise: when the innermost frame of that stack, those of the sanitizer and of the C and C++
// libraries left out, lies in the addon or in the C++ tests.
import { readFileSync } from 'node:fs';

const runtime = /\((lib(tsan|stdc\+\+|c|m|pthread|gcc_s)[-.\w]*\.so|ld-)[^)]*\)/;
const own = /\((lanewise\.node|native_tests)\+/;
/** The loader frees the thread-local memory of a thread that has ended, in an order that the sanitizer cannot see. */
const loader = /_dl_deallocate_tls /;
/** Where a thread was made, or memory was had, is no access. */
const background = /^\s*(Location is|Thread T|Mutex M\S+ (\([^)]*\) )?created|As if synchronized)/;

function isOwn(report) {
  if (loader.test(report)) return false;
  return report.split(/\n\s*\n/).some((section) => {
    if (background.test(section.replace(/^WARNING.*\n/, ''))) return false;
    const innermost = section.split('\n').find((line) => /^\s+#\d+ /.test(line) && !runtime.test(line));
    return innermost !== undefined && own.test(innermost);
  });
}

const reports = process.argv
  .slice(2)
  .flatMap((path) => readFileSync(path, 'utf8').split(/^={18}$/m))
  .filter((text) => /WARNING: ThreadSanitizer|ERROR: ThreadSanitizer/.test(text));
const found = reports.filter((report) => /ERROR: ThreadSanitizer/.test(report) || isOwn(report));
for (const report of found) console.log(report.trim(), '\n');
console.log(`ThreadSanitizer: ${found.length} reports about lanewise, ${reports.length - found.length} about others`);
process.exitCode = found.length > 0 ? 1 : 0;
