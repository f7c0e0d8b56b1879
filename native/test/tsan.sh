#!/bin/sh
# ThreadSanitizer over the C++ tests, then over the tests of pool, runner, jobs and training in a stock Node: its runtime
# is preloaded, and LANEWISE_ADDON points to the instrumented addon. Node itself is not instrumented, so that the
# sanitizer may call orderly code of its own disorderly; only reports that name a file of this repository count, and any
# such report fails. Arguments go to vitest.
# Run by npm run test:tsan, in the root of the repository.
set -eu
build="$PWD/build-tsan"
npx --no-install cmake-js compile -d native -O "$build" --CDLANEWISE_SANITIZE=thread --CDCMAKE_BUILD_TYPE=RelWithDebInfo
# The sanitizer of g++ 12 knows no address space as random as that of newer kernels.
setarch -R cmake --build "$build" --target check

[ $# -gt 0 ] || set -- test/hazards test/ops/native-jobs.test.ts test/ops/addon.test.ts test/compile test/train
reports=$(mktemp -d)
trap 'rm -rf "$reports"' EXIT
export LANEWISE_ADDON="$build/lanewise.node"
export LANEWISE_SANITIZER=thread
# Reports go to files, one for each process, child processes too; the exit code of a process stays its own.
export TSAN_OPTIONS="log_path=$reports/report exitcode=0 report_signal_unsafe=0 history_size=4"
status=0
LD_PRELOAD="$(g++ -print-file-name=libtsan.so) $(g++ -print-file-name=libstdc++.so)" \
  setarch -R node node_modules/vitest/vitest.mjs run "$@" || status=$?

# From one line of equals signs to the next is one report.
found=$(find "$reports" -type f -name 'report.*' -exec cat {} + |
  awk 'BEGIN { RS = "==================\n" } /WARNING: ThreadSanitizer/ && /native\/(core|kernels|ops|program|binding)\// { print; n++ }
       END { if (n) print n " reports of ThreadSanitizer in lanewise" }')
[ -z "$found" ] || { echo "$found"; exit 1; }
echo "no report of ThreadSanitizer in lanewise"
exit "$status"
