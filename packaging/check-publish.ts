/**
 * What a maintainer must have filled in and built before `npm publish`: `prepublishOnly` runs it, and npm stops where it fails. `npm run
 * check:publish` asks without publishing.
 */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { violations } from './floors.js';
import { sourcesHash } from './sources.mjs';
import { targets } from './targets.js';

export interface Manifest {
  readonly version: string;
  readonly repository?: { readonly url?: string };
  readonly homepage?: string;
  readonly bugs?: { readonly url?: string };
}

/**
 * What is missing in package.json and CHANGELOG.md, or is not that of the workflow that publishes.
 * @param environment with GITHUB_REPOSITORY (`owner/name`) and GITHUB_REF (`refs/tags/v1.2.3`) in GitHub's workflow
 */
export function unfilled(
  manifest: Manifest,
  changelog: string,
  environment: Readonly<Record<string, string | undefined>>,
): string[] {
  const found: string[] = [];
  const { version, repository, homepage, bugs } = manifest;
  const isUrl = (text: string | undefined) => /^(git\+)?https:\/\/[^/]+\/.+/.test(text ?? '');
  for (const [key, value, example] of [
    ['repository.url', repository?.url, 'git+https://github.com/OWNER/lanewise.git'],
    ['homepage', homepage, 'https://github.com/OWNER/lanewise#readme'],
    ['bugs.url', bugs?.url, 'https://github.com/OWNER/lanewise/issues'],
  ] as const)
    if (!isUrl(value)) found.push(`package.json has no ${key}: npm pkg set ${key}=${example}`);
  // npm compares them too, but only once everything has been built and sent.
  const { GITHUB_REPOSITORY: here, GITHUB_REF: ref } = environment;
  const named = repository?.url?.match(/github\.com[/:](.+?)(\.git)?$/)?.[1];
  if (here && named !== undefined && named !== here)
    found.push(`repository.url of package.json names ${named}, but this workflow is of ${here}`);
  const tag = ref?.match(/^refs\/tags\/v(.+)$/)?.[1];
  if (tag !== undefined && tag !== version)
    found.push(`the tag is v${tag}, but package.json has the version ${version}`);
  const heading = changelog.split('\n').find((line) => line.startsWith(`## ${version}`));
  if (heading === undefined) found.push(`CHANGELOG.md has no heading '## ${version}'`);
  else if (/unreleased/i.test(heading)) found.push(`CHANGELOG.md calls ${version} unreleased: put the date there`);
  return found;
}

/** Which binaries of the package are not built of these sources, or break the floors. @param folder `build-prebuilds/prebuilds` */
export function unbuilt(folder: string): string[] {
  const sources = sourcesHash();
  return targets.flatMap((target) => {
    const file = join(folder, target.file);
    const mark = `${file}.sources`;
    if (!existsSync(file) || !existsSync(mark)) return [`no binary for ${target.name}: npm run prebuilds -- --all`];
    if (readFileSync(mark, 'utf8') !== sources)
      return [`the binary for ${target.name} is of other sources: npm run prebuilds -- --all`];
    return violations(target, readFileSync(file)).map((wrong) => `the binary for ${target.name} ${wrong}`);
  });
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const root = fileURLToPath(new URL('../', import.meta.url));
  const read = (name: string) => readFileSync(join(root, name), 'utf8');
  const found = [
    ...unfilled(JSON.parse(read('package.json')), read('CHANGELOG.md'), process.env),
    ...unbuilt(join(root, 'build-prebuilds/prebuilds')),
  ];
  for (const each of found) console.error(`cannot be published: ${each}`);
  process.exitCode = found.length === 0 ? 0 : 1;
}
