{
  # The addon that measures the peak for bench/, built by bench/install.ts. Of the library it has the platform only.
  'targets': [{
    'target_name': 'peak',
    'sources': [
      'addon.cc',
      '../fma_peak.cc',
      "<!@(node -p \"require('fs').readdirSync('../../core').filter((f) => f.endsWith('.cc')).map((f) => '../../core/' + f).join(' ')\")",
    ],
    'defines': ['NAPI_VERSION=8'],
    'cflags!': ['-O2', '-Os', '-fno-exceptions'],
    'cflags_cc!': ['-fno-exceptions', '-std=gnu++17', '-std=gnu++20'],
    'cflags_cc': ['-std=c++20', '-O3', '-ffp-contract=off', '-fno-math-errno', '-fexceptions', '-fvisibility=hidden'],
    'conditions': [
      ['OS=="linux"', { 'libraries': ['-ldl', '-pthread'] }],
      ['OS=="mac"', {
        'xcode_settings': {
          'CLANG_CXX_LANGUAGE_STANDARD': 'c++20',
          'CLANG_CXX_LIBRARY': 'libc++',
          'MACOSX_DEPLOYMENT_TARGET': '11.0',
          'GCC_ENABLE_CPP_EXCEPTIONS': 'YES',
          'GCC_OPTIMIZATION_LEVEL': '3',
          'OTHER_CPLUSPLUSFLAGS': ['-ffp-contract=off', '-fno-math-errno'],
        },
      }],
    ],
  }],
}
