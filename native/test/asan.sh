#!/bin/sh
# AddressSanitizer, LeakSanitizer and UndefinedBehaviorSanitizer over the C++ tests, then over the tests that compute in
# a stock Node: the sanitizers' runtime is preloaded, and LANEWISE_ADDON points to the sanitized addon. asan-reports.mjs says
# which reports are about lanewise; a single one fails. Arguments go to vitest.
# Run by npm run test:asan, in the root of the repository.
set -eu
build="$PWD/build-asan"
npx --no-install cmake-js compile -d native -O "$build" --CDLANEWISE_SANITIZE=address,undefined --CDCMAKE_BUILD_TYPE=RelWithDebInfo
cmake --build "$build" --target check

[ $# -gt 0 ] || set -- test/ops test/random test/tensor test/functional test/nn test/optim test/data test/misuse test/compile \
  test/train test/hazards
reports=$(mktemp -d)
trap 'rm -rf "$reports"' EXIT
export LANEWISE_ADDON="$build/lanewise.node"
export LANEWISE_SANITIZER=address
# Reports go to files, one for each process, child processes too; the exit code of a process stays its own.
export ASAN_OPTIONS="detect_leaks=1 allocator_may_return_null=1 log_path=$reports/asan exitcode=0"
export UBSAN_OPTIONS="print_stacktrace=1 log_path=$reports/ubsan"
status=0
# libstdc++ together with libasan, which otherwise finds no exceptions to intercept in a Node that links another copy.
LD_PRELOAD="$(g++ -print-file-name=libasan.so) $(g++ -print-file-name=libstdc++.so)" \
  node node_modules/vitest/vitest.mjs run --testTimeout=600000 --hookTimeout=600000 "$@" || status=$?
touch "$reports/none"
node native/test/asan-reports.mjs "$reports"/* || status=1
exit "$status"
