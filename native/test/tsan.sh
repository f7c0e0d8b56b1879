#!/bin/sh
# ThreadSanitizer over the C++ tests, then over the tests of pool, runner, jobs and training in a stock Node: its runtime
# is preloaded, and LANEWISE_ADDON points to the instrumented addon. tsan-reports.mjs says which reports are about lanewise;
# a single one fails. Arguments go to vitest.
# Run by npm run test:tsan, in the root of the repository.
set -eu
build="$PWD/build-tsan"
npx --no-install cmake-js compile -d native -O "$build" --CDLANEWISE_SANITIZE=thread --CDCMAKE_BUILD_TYPE=RelWithDebInfo
# setarch -R: the sanitizer of g++ 12 cannot lay out its shadow in an address space as random as newer kernels make it.
setarch -R cmake --build "$build" --target check

# Without the tests of memory: the sanitizer's own would be measured, and it takes the place of what they preload.
[ $# -gt 0 ] || set -- --exclude 'test/hazards/*memory*' test/hazards test/ops/native-jobs.test.ts test/ops/addon.test.ts \
  test/compile test/train
reports=$(mktemp -d)
trap 'rm -rf "$reports"' EXIT
export LANEWISE_ADDON="$build/lanewise.node"
export LANEWISE_SANITIZER=thread
# Reports go to files, one for each process, child processes too; the exit code of a process stays its own.
export TSAN_OPTIONS="log_path=$reports/report exitcode=0 history_size=4"
status=0
LD_PRELOAD="$(g++ -print-file-name=libtsan.so) $(g++ -print-file-name=libstdc++.so)" \
  setarch -R node node_modules/vitest/vitest.mjs run --testTimeout=600000 --hookTimeout=600000 "$@" || status=1
touch "$reports/none"
node native/test/tsan-reports.mjs "$reports"/* || status=1
exit "$status"
