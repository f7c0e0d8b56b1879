/** Rules about single files: their length, their words, the settings of the compilers. */
import ts from 'typescript';
import type { Rule, SourceFile, Violation } from './files.js';
import { isTypeScript, parse } from './imports.js';
import { withoutComments } from './native.js';

const mostLines = 400;

/** One concept in a file. */
export const shortFiles: Rule = (files) =>
  files
    .filter(({ path }) => /^(src|native|test|bench|examples)\//.test(path))
    .map(({ path, text }) => ({ path, lines: text.replace(/\n$/, '').split('\n').length }))
    .filter(({ lines }) => lines > mostLines)
    .map(({ path, lines }) => ({ path, what: `has ${lines} lines`, rule: `at most ${mostLines}` }));

const isSrc = (file: SourceFile): boolean => file.path.startsWith('src/') && isTypeScript(file);

/** The compiler is never talked out of its opinion. */
export const typesAreChecked: Rule = (files) =>
  files.filter(isSrc).flatMap((file) => {
    const source = parse(file);
    const found: Violation[] = [];
    const add = (node: ts.Node, what: string) => {
      const line = source.getLineAndCharacterOfPosition(node.getStart()).line + 1;
      found.push({ path: `${file.path}:${line}`, what: `has ${what}`, rule: 'types of src are checked' });
    };
    const visit = (node: ts.Node): void => {
      if (node.kind === ts.SyntaxKind.AnyKeyword) add(node, 'the type any');
      if (ts.isAsExpression(node) && isAsUnknown(node.expression)) add(node, 'as unknown as');
      ts.forEachChild(node, visit);
    };
    visit(source);
    for (const [what] of file.text.matchAll(/@ts-(ignore|nocheck|expect-error)|biome-ignore|eslint-disable/g))
      found.push({ path: file.path, what: `has ${what}`, rule: 'types of src are checked' });
    return found;
  });

function isAsUnknown(node: ts.Expression): boolean {
  if (ts.isParenthesizedExpression(node)) return isAsUnknown(node.expression);
  return ts.isAsExpression(node) && node.type.kind === ts.SyntaxKind.UnknownKeyword;
}

/** Work that is not done is not left behind as a note. */
export const noLeftovers: Rule = (files) =>
  files
    .filter(({ path }) => /^(src|native)\/.*\.(ts|cc|h|inc)$/.test(path))
    .flatMap(({ path, text }) =>
      [...text.matchAll(/\b(todo|fixme|hack|stub|placeholder|for now)\b/gi)].map((match) => ({
        path: `${path}:${text.slice(0, match.index).split('\n').length}`,
        what: `has the word '${match[0]}'`,
        rule: 'what is committed is finished',
      })),
    );

const machinePath = /(?<![\w.$}/])\/(tmp|root|work|Users|home\/\w+)\//g;

/** Nothing depends on where a checkout lies. */
export const noMachinePaths: Rule = (files) =>
  files.flatMap(({ path, text }) =>
    [...text.matchAll(machinePath)].map(([what]) => ({
      path,
      what: `has the absolute path ${what}`,
      rule: 'no paths of one machine',
    })),
  );

const isBuildFile = ({ path }: SourceFile): boolean =>
  ['binding.gyp', 'package.json'].includes(path) || /^native\/.*(CMakeLists\.txt|\.cmake|\.sh)$/.test(path);

const forbiddenFlags =
  /-Ofast|-ffast-math|-funsafe-math-optimizations|-ffinite-math-only|-fassociative-math|-freciprocal-math|-fno-signed-zeros|\/fp:fast|-ffp-contract=(fast|on)|-march=native/g;
const forbiddenPragmas = /pragma\s+(GCC|clang)\s+optimize|__attribute__\s*\(\(\s*optimize|\bfast-math\b|float_control/g;

/** Arithmetic is as written, in the addon and, since flags of the linker reach it, in JavaScript. */
export const noFastMath: Rule = (files) => {
  const rule = 'no compiler flag changes what arithmetic means';
  const found = ({ path }: SourceFile, text: string, pattern: RegExp): Violation[] =>
    [...text.matchAll(pattern)].map(([what]) => ({ path, what: `has ${what}`, rule }));
  return [
    ...files.filter(isBuildFile).flatMap((file) => found(file, file.text.replace(/#.*$/gm, ''), forbiddenFlags)),
    ...files
      .filter(({ path }) => /^native\/.*\.(cc|h|inc)$/.test(path))
      .flatMap((file) => found(file, withoutComments(file.text), forbiddenPragmas)),
  ];
};

const builtIns =
  /\bArray\.isArray\(|\binstanceof (Array|ArrayBuffer|SharedArrayBuffer|\w*\dArray|DataView|Map|Set|WeakMap|Promise|Date|RegExp|URL|AbortSignal|\w*Error)\b/g;
const ownErrors = /instanceof (Lanewise|Shape|Argument|State|Backend|NotFinite|Cli|Usage)Error/;

/** What a caller gives may be of another realm, whose classes are others: src/realm.ts tells kinds of built-in values. */
export const noRealmOfItsOwn: Rule = (files) =>
  files
    .filter((file) => isSrc(file) && file.path !== 'src/realm.ts')
    .flatMap(({ path, text }) =>
      [...text.matchAll(builtIns)]
        .filter(([what]) => !ownErrors.test(what))
        .map(([what]) => ({ path, what: `has ${what}`, rule: 'kinds of built-in values are told by src/realm.ts' })),
    );
