// Which reports of AddressSanitizer and its companions are about lanewise: `node asan-reports.mjs FILE...` prints those and
// exits with 1.
//
// Errors are, all of them: in a stock Node only the addon is instrumented. That an allocation was refused, as
// allocator_may_return_null=1 asks, is a warning on a line by itself and none: tests ask for more than there is on purpose. Leaks are when lanewise asked for the memory,
// itself or by way of Node-API alone; what V8 allocates while it serves such a call is V8's. Node and other addons leave
// other memory behind at exit.
import { readFileSync } from 'node:fs';

const runtime = /\/sanitizer\/|libsanitizer|lib(asan|stdc\+\+|c|m|pthread)[-.\w]*\.so/;
const nodeApi = / in \(?(napi_|node_api_|node_napi_env|napi_env__|v8impl::)/;
const own = /\/lanewise\.node\b|\/native\/(core|kernels|ops|program|binding)\//;

/** The frames of a leak, from the innermost on: the first that is neither the runtime's nor Node-API's says whose it is. */
function isOwn(leak) {
  const frames = leak.split('\n').filter((line) => /^\s+#\d+ /.test(line));
  return own.test(frames.find((line) => !runtime.test(line) && !nodeApi.test(line)) ?? '');
}

const refused = /^==\d+==WARNING: AddressSanitizer failed to allocate 0x[0-9a-f]+ bytes$/gm;

const found = [];
let others = 0;
for (const path of process.argv.slice(2)) {
  const text = readFileSync(path, 'utf8').replace(refused, '');
  if (text.trim() === '') continue;
  if (!text.includes('LeakSanitizer')) {
    found.push(text);
    continue;
  }
  for (const leak of text.split(/\n\s*\n/).filter((part) => /^\s*(Direct|Indirect) leak/.test(part)))
    if (isOwn(leak)) found.push(leak);
    else others++;
}
for (const report of found) console.log(report.trim(), '\n');
console.log(`AddressSanitizer: ${found.length} reports about lanewise, ${others} leaks of others`);
process.exitCode = found.length > 0 ? 1 : 0;
