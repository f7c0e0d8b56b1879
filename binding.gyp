{
  # The build that users get (npm run build). The developers' build is native/CMakeLists.txt; both read the same list.
  'targets': [{
    'target_name': 'lanewise',
    'sources': ["<!@(node packaging/unity.mjs)"],
    'defines': [
      'NAPI_VERSION=8',
      "LANEWISE_VERSION=\"<!(node -p \"require('./package.json').version\")\"",
    ],
    # What Node's own settings say otherwise: no exceptions, an older standard, other levels of optimisation.
    'cflags!': ['-O2', '-Os', '-fno-exceptions'],
    'cflags_cc!': ['-fno-exceptions', '-std=gnu++17', '-std=gnu++20'],
    # -ffp-contract=off: a fused multiply-add is one only where the source says so. Never -ffast-math: at link time it
    # makes denormals zero in JavaScript itself. -fno-math-errno only lets sqrt be one instruction.
    'cflags_cc': [
      '-std=c++20', '-O3', '-ffp-contract=off', '-fno-math-errno', '-fexceptions',
      '-fvisibility=hidden', '-fvisibility-inlines-hidden', '-ffunction-sections', '-fdata-sections', '-Wall', '-Wextra',
    ],
    'conditions': [
      ['OS=="linux"', {
        'libraries': ['-ldl', '-pthread'],
        'ldflags': ['-Wl,--gc-sections', '-Wl,--exclude-libs,ALL', '-Wl,--strip-all'],
      }],
      ['OS=="mac"', {
        'xcode_settings': {
          'CLANG_CXX_LANGUAGE_STANDARD': 'c++20',
          'CLANG_CXX_LIBRARY': 'libc++',
          'MACOSX_DEPLOYMENT_TARGET': '11.0',
          'GCC_ENABLE_CPP_EXCEPTIONS': 'YES',
          'GCC_OPTIMIZATION_LEVEL': '3',
          'GCC_SYMBOLS_PRIVATE_EXTERN': 'YES',
          'OTHER_CPLUSPLUSFLAGS': ['-ffp-contract=off', '-fno-math-errno', '-Wall', '-Wextra'],
        },
      }],
    ],
  }],
}
