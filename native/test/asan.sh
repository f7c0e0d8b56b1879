#!/bin/sh
# AddressSanitizer and UndefinedBehaviorSanitizer over the C++ tests, then over the tests of the native backends in a
# stock Node: the sanitizers' runtime is preloaded, and LANEWISE_ADDON points to the sanitized addon. Leaks are looked
# for in the C++ tests only, since Node itself leaves memory behind at exit. Arguments go to vitest.
# Run by npm run test:asan, in the root of the repository.
set -eu
build="$PWD/build-asan"
npx --no-install cmake-js compile -d native -O "$build" --CDLANEWISE_SANITIZE=address,undefined --CDCMAKE_BUILD_TYPE=RelWithDebInfo
cmake --build "$build" --target check

[ $# -gt 0 ] || set -- test/ops test/functional test/nn test/optim
export LANEWISE_ADDON="$build/lanewise.node"
export ASAN_OPTIONS=detect_leaks=0
export UBSAN_OPTIONS=print_stacktrace=1
# libstdc++ beside libasan, which otherwise finds no exceptions to intercept in a Node that links its own copy.
LD_PRELOAD="$(g++ -print-file-name=libasan.so) $(g++ -print-file-name=libstdc++.so)" \
  node node_modules/vitest/vitest.mjs run "$@"
