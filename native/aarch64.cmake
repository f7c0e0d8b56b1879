# Toolchain file: the C++ tests for AArch64, cross-compiled and run under qemu (npm run test:native:aarch64).
set(CMAKE_SYSTEM_NAME Linux)
set(CMAKE_SYSTEM_PROCESSOR aarch64)

find_program(AARCH64_CXX aarch64-linux-gnu-g++)
if(NOT AARCH64_CXX)
  message(FATAL_ERROR "No aarch64-linux-gnu-g++: install Debian's package g++-aarch64-linux-gnu.")
endif()
find_program(QEMU_AARCH64 NAMES qemu-aarch64 qemu-aarch64-static)
if(NOT QEMU_AARCH64)
  message(FATAL_ERROR "No qemu-aarch64: install Debian's package qemu-user.")
endif()

set(CMAKE_CXX_COMPILER "${AARCH64_CXX}")
set(CMAKE_CROSSCOMPILING_EMULATOR "${QEMU_AARCH64};-L;/usr/aarch64-linux-gnu")
