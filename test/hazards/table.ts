/**
 * What breaks native addons inside services, row by row, and what else issue 3 asks of bad input and faults, each with the
 * tests that hold it. table.test.ts looks whether they are there.
 */

/** A file of the repository, and the titles of its tests, or lines, that hold the rule. */
export type Evidence = readonly [file: string, ...titles: string[]];

export interface Hazard {
  readonly hazard: string;
  readonly rule: string;
  readonly tests: readonly Evidence[];
}

export const hazards: readonly Hazard[] = [
  {
    hazard: 'background work reads a JavaScript buffer',
    rule: 'copied in on the JavaScript thread; background work touches only memory of the addon; results go out copied',
    tests: [
      ['test/hazards/buffers.test.ts', '10,000 random interleavings', 'a running job keeps no input of its host alive'],
      ['test/hazards/buffers-compiled.test.ts', 'steps beside a host that does what it likes with its buffers'],
      ['test/ops/native-jobs.test.ts', 'copy what they are given when they are submitted'],
    ],
  },
  {
    hazard: 'training on the libuv pool',
    rule: 'threads of its own',
    tests: [
      ['test/hazards/event-loop.test.ts', 'are not used: with a single one, files, names and random bytes come'],
      ['bench/studies/probes.ts', 'readFile', 'lookup', 'randomBytes'],
    ],
  },
  {
    hazard: 'one long synchronous call',
    rule: 'async in services; whoever measures looks at the maximum',
    tests: [
      ['test/hazards/event-loop.test.ts', 'turns while a training runs, and is never held up for long'],
      ['test/train/predict.test.ts', 'does not hold up a training, nor is held up by it'],
    ],
  },
  {
    hazard: 'process.exit, uncaught error, signals',
    rule: 'jobs stop at the exit event; what runs is leaked on purpose; the process ends at once',
    tests: [
      [
        'test/hazards/life.test.ts',
        'process.exit ends the process at once, with its code',
        'an %s ends the process at once, with code 1',
        '%s ends the process at once',
        'handlers of the exit event can still run programs',
      ],
      ['native/test/program_runner.cc', 'a runner that goes away in the middle of a run waits for nothing'],
    ],
  },
  {
    hazard: 'worker.terminate with work in flight',
    rule: 'work in slices; what Node refuses at the end is no error; no state outside of the environment',
    tests: [
      ['test/hazards/life.test.ts', 'may be terminated at any moment', 'run jobs at once, four of them'],
      ['test/ops/addon.test.ts', 'may end at any moment', 'its pool lives on'],
    ],
  },
  {
    hazard: 'finalizers wait for a turn of the loop',
    rule: 'tensors are typed arrays; programs have dispose(); their memory is reported to V8, both ways',
    tests: [
      [
        'test/hazards/memory.test.ts',
        'programs that are disposed of is free at once',
        'programs that are dropped makes V8 collect them',
        'programs that are dropped is given back within one turn',
        'programs that are dropped leaves next to nothing behind',
      ],
      ['test/ops/native-programs.test.ts', 'count their memory towards the garbage collector until they are released'],
    ],
  },
  {
    hazard: 'SharedArrayBuffer views',
    rule: 'refused with a TypeError by the addon, an ArgumentError by the library',
    tests: [
      [
        'test/hazards/buffers-hostile.test.ts',
        'shared memory',
        'is refused as an input, an output and a buffer’s numbers',
      ],
      ['test/ops/addon.test.ts', 'shared memory', 'shared memory to write to'],
      ['test/misuse/rows/creation.ts', 'tensor: shared memory'],
    ],
  },
  {
    hazard: 'detached or zero-length arrays',
    rule: 'looked at before use; sizes of zero are legal',
    tests: [
      ['test/hazards/buffers-hostile.test.ts', 'a detached one', 'no elements at all'],
      ['test/ops/addon.test.ts', 'one and no elements'],
      ['test/misuse/zero-size.test.ts', 'describeEachBackend('],
    ],
  },
  {
    hazard: 'alignment',
    rule: 'unaligned loads on memory of the user',
    tests: [
      [
        'test/ops/ops.test.ts',
        'are right on memory that is not aligned',
        'on 1, 2 and 3 threads, wherever memory lies',
      ],
      ['test/hazards/buffers-hostile.test.ts', 'views anywhere in a buffer, and at its end'],
    ],
  },
  {
    hazard: 'a subclass with a lying length, getters that throw or detach buffers',
    rule: 'options first, then lengths from Node-API only, then pointers',
    tests: [
      [
        'test/hazards/buffers-hostile.test.ts',
        'a subclass with a lying length is as long as it is',
        'getters in arrays',
        'jobOutputs: an output that detaches another',
      ],
      [
        'test/misuse/hostile.test.ts',
        'a typed array that lies',
        'whose getter throws leave the generator where it was',
      ],
    ],
  },
  {
    hazard: 'wrong receiver',
    rule: 'type tags on every wrapped object',
    tests: [
      ['test/ops/native-programs.test.ts', 'are told from other objects, and from each other'],
      [
        'test/hazards/buffers-hostile.test.ts',
        'are nothing in another thread',
        'work whatever `this` is, and not as `this`',
      ],
    ],
  },
  {
    hazard: 'C++ exception crossing into C',
    rule: 'none crosses: caught at every boundary and at the entry of every thread',
    tests: [
      ['test/hazards/memory-faults.test.ts', '%s, at each allocation, is an error and nothing is lost'],
      ['native/test/program_runner.cc', 'what a run throws ends its job and no other'],
      ['native/test/fault_memory.cc', 'a job that memory runs out for is not queued, or fails by itself; others go on'],
    ],
  },
  {
    hazard: '-ffast-math at link',
    rule: 'banned; JavaScript’s denormal numbers are looked at after loading and after every kind of call',
    tests: [
      ['test/architecture/rules.test.ts', 'noFastMath'],
      ['test/hazards/subnormals.test.ts', 'eager and compiled steps', 'fit and predict', 'the loading of the addon'],
      ['test/ops/addon.test.ts', 'leave denormal numbers of JavaScript alone, after each op and each error'],
      ['native/test/core_denormals.cc', 'denormals are flushed inside the scope and only there'],
    ],
  },
  {
    hazard: 'sizes',
    rule: 'size_t, checked multiplication, numbers of JavaScript checked to be non-negative safe integers',
    tests: [
      ['test/hazards/sizes.test.ts', '%d in a graph is an error or without effect', 'createBuffer(%d) is an error'],
      ['test/misuse/rows/sizes.ts', 'sizes whose product overflows', '2^62 elements'],
      ['native/test/core_checked.cc', 'checked sizes: exact at the edge, an exception beyond it'],
    ],
  },
  {
    hazard: 'hostile options',
    rule: 'own properties only; unknown keys refused',
    tests: [
      ['test/hazards/options.test.ts', 'an own __proto__', 'a polluted Object.prototype'],
      ['test/misuse/rows/options.ts', ': an option __proto__', ': an unknown option'],
      ['test/misuse/hostile.test.ts', 'a polluted Object.prototype'],
    ],
  },
  {
    hazard: 'NaN, infinity, -0, subnormals',
    rule: 'the table of special values runs on every instruction set',
    tests: [
      ['test/ops/cases/nodes-binary.ts', 'special values', 'subnormal values'],
      ['test/ops/ops.test.ts', 'are right'],
      ['native/test/kernels_math.cc', 'elementary functions of special values'],
    ],
  },
  {
    hazard: 'beta = 0 reading C, uninitialised scratch',
    rule: 'outputs are filled with NaN before, with guard bytes on both sides',
    tests: [
      ['test/ops/ops.test.ts', 'an element left out', 'wrote outside out'],
      ['native/test/ops_matmul.cc', 'NaN and infinity reach exactly the outputs that they belong to'],
    ],
  },
  {
    hazard: 'two calls on one model',
    rule: 'a second fit is a StateError; calls of async() queue; a call that does not wait is a StateError meanwhile',
    tests: [
      ['test/train/ending.test.ts', 'cannot be joined by a second of the same model, the same optimizer'],
      ['test/compile/async.test.ts', 'refuses a call that does not wait', 'runs calls in their order'],
    ],
  },
  {
    hazard: 'illegal instruction on an old processor',
    rule: 'detection in code of no target region; the baseline is plain x86-64',
    tests: [
      ['test/architecture/rules.test.ts', 'regionsAreClean'],
      ['native/test/core_cpu.cc', 'the detected features are those of /proc/cpuinfo'],
      ['test/architecture/habits.ts', '-march=native'],
    ],
  },
  {
    hazard: 'big stack frames in small worker stacks',
    rule: 'no stack frame above 16 KiB: a warning, and warnings are errors',
    tests: [['native/CMakeLists.txt', '-Wframe-larger-than=16384']],
  },
  {
    hazard: 'Electron and others forbid external buffers',
    rule: 'copied out',
    tests: [['test/hazards/table.test.ts', 'no memory of the addon is handed to JavaScript']],
  },
];

/** What issue 3 lists besides. */
export const faults: readonly Hazard[] = [
  {
    hazard: 'a disposed program',
    rule: 'StateError',
    tests: [
      ['test/compile/async.test.ts', 'finishes what is in flight when it is disposed, and nothing else'],
      ['test/ops/native-programs.test.ts', 'refuse to run when disposed of, and are disposed of twice in peace'],
    ],
  },
  {
    hazard: 'a function that returns no tensor',
    rule: 'an error that says what may be returned',
    tests: [['test/compile/bad-functions.test.ts', 'returns no tensor', 'a function that cannot be traced']],
  },
  {
    hazard: 'a dataset whose sizes disagree',
    rule: 'ShapeError before anything moves',
    tests: [['test/misuse/rows/train.ts', 'train must have the same number of rows']],
  },
  {
    hazard: 'a batch iterable that throws or stalls',
    rule: 'fit rejects with what it throws; a stalled one can be aborted and keeps to the time limit',
    tests: [
      [
        'test/train/stream.test.ts',
        'ends with what the iterable throws, and closes it',
        'can be aborted while the iterable is stuck',
        'keeps to its time limit while the iterable is stuck',
      ],
    ],
  },
  {
    hazard: 'a typed array that JavaScript cannot have, at the n-th, for every n',
    rule: "the allocation's error; nothing stays locked",
    tests: [['test/hazards/array-faults.test.ts', 'a typed array that cannot be had']],
  },
  {
    hazard: 'more numbers in nested arrays than V8 holds in one',
    rule: 'they become a tensor, or are refused before memory is taken; the process goes on',
    tests: [['test/hazards/large-arrays.test.ts', 'are refused before memory is taken']],
  },
  {
    hazard: 'out of memory at the n-th native allocation, for every n',
    rule: 'an Error; nothing leaked',
    tests: [
      ['test/hazards/memory-faults.test.ts', '%s, at each allocation, is an error and nothing is lost'],
      [
        'native/test/fault_memory.cc',
        'ops without memory for their scratch write nothing',
        'buffers and programs are made whole or not at all',
        'a run that memory runs out for ends between two instructions, and the next one is right',
        'a pool without memory for workers leaves all parts to the caller',
      ],
    ],
  },
  {
    hazard: 'memory that grows with the steps',
    rule: 'a step leaves nothing behind',
    tests: [
      ['test/hazards/memory.test.ts', '20,000 steps is that of 2,000', 'trainings and predictions is free afterwards'],
    ],
  },
];
