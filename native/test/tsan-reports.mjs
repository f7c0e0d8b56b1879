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
/**
 * The sanitizer keeps a word of memory for each file descriptor. libuv closes descriptors by system calls that it does not see, so
 * that a number which the kernel hands out again looks like a race between the two functions that made it.
 */
const makesDescriptor = /^\s*#0 (f?open(at)?(64)?|epoll_create1?|eventfd|pipe2?|dup[23]?|socket(pair)?|accept4?) /;
const access = /^\s*(Previous )?(atomic )?(write|read) of size/i;
/** Where a thread was made, or memory was had, is no access. */
const background = /^\s*(Location is|Thread T|Mutex M\S+ (\([^)]*\) )?created|As if synchronized)/;

function isOwn(report) {
  if (loader.test(report)) return false;
  const sections = report.split(/\n\s*\n/);
  const accesses = sections.map((each) => each.replace(/^\s*WARNING.*\n/, '')).filter((each) => access.test(each));
  if (accesses.length > 0 && accesses.every((each) => makesDescriptor.test(each.split('\n')[1] ?? ''))) return false;
  return sections.some((section) => {
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
