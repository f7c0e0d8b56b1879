// What stops `npm publish`: fields that only a maintainer knows, and binaries that are not there.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { unbuilt, unfilled } from '../../packaging/check-publish.js';
import { targets } from '../../packaging/targets.js';
import { root } from '../helpers/built.js';

const filled = {
  version: '1.2.3',
  repository: { url: 'git+https://github.com/someone/lanewise.git' },
  homepage: 'https://github.com/someone/lanewise#readme',
  bugs: { url: 'https://github.com/someone/lanewise/issues' },
};
const changelog = '# Changelog\n\n## 1.2.3 (2027-01-01)\n\n- All.\n';
const workflow = { GITHUB_REPOSITORY: 'someone/lanewise', GITHUB_REF: 'refs/tags/v1.2.3' };

it('finds nothing in a package.json that is filled in, by hand and in the workflow of its repository', () => {
  expect(unfilled(filled, changelog, {})).toEqual([]);
  expect(unfilled(filled, changelog, workflow)).toEqual([]);
});

it('names each field that is missing, and the command that sets it', () => {
  const { version } = filled;
  expect(unfilled({ version }, changelog, {})).toEqual([
    'package.json has no repository.url: npm pkg set repository.url=git+https://github.com/OWNER/lanewise.git',
    'package.json has no homepage: npm pkg set homepage=https://github.com/OWNER/lanewise#readme',
    'package.json has no bugs.url: npm pkg set bugs.url=https://github.com/OWNER/lanewise/issues',
  ]);
  expect(unfilled({ ...filled, homepage: 'lanewise' }, changelog, {})).toHaveLength(1);
});

it('refuses the workflow of another repository, another tag, and a version that CHANGELOG.md does not date', () => {
  const told = (change: object, text = changelog) => unfilled(filled, text, { ...workflow, ...change });
  expect(told({ GITHUB_REPOSITORY: 'another/lanewise' })).toEqual([
    'repository.url of package.json names someone/lanewise, but this workflow is of another/lanewise',
  ]);
  expect(told({ GITHUB_REF: 'refs/tags/v1.2.4' })).toEqual([
    'the tag is v1.2.4, but package.json has the version 1.2.3',
  ]);
  expect(told({}, '## 1.2.3 (unreleased)')).toEqual(['CHANGELOG.md calls 1.2.3 unreleased: put the date there']);
  expect(told({}, '## 1.2.2 (2026-12-01)')).toEqual(["CHANGELOG.md has no heading '## 1.2.3'"]);
});

it('names each binary that has not been built', () => {
  const folder = mkdtempSync(join(tmpdir(), 'lanewise-publish-'));
  try {
    expect(unbuilt(folder)).toEqual(targets.map(({ name }) => `no binary for ${name}: npm run prebuilds -- --all`));
  } finally {
    rmSync(folder, { recursive: true });
  }
});

it('runs before npm publishes, and stops it', () => {
  const manifest = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
  expect(manifest.scripts.prepublishOnly).toBe('npm run --silent check:publish');
  const { status, stderr } = spawnSync('npm', ['run', '--silent', 'check:publish'], {
    cwd: root,
    encoding: 'utf8',
    env: { ...process.env, GITHUB_REPOSITORY: '', GITHUB_REF: 'refs/tags/v0.0.0-none' },
    shell: process.platform === 'win32',
  });
  expect(status).toBe(1);
  expect(stderr).toContain(`cannot be published: the tag is v0.0.0-none, but package.json has the version`);
});

it('has a workflow whose commands are scripts and files that there are', () => {
  const workflow = readFileSync(join(root, '.github/workflows/package.yml'), 'utf8');
  const { scripts } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
  const called = [...workflow.matchAll(/npm (?:run (\S+)|(test|publish))/g)].map(([, script, own]) => script ?? own);
  expect(called).toEqual(
    expect.arrayContaining(['build', 'prebuilds', 'test:platforms', 'test:consumers', 'test', 'publish']),
  );
  for (const script of called) expect(Object.keys({ ...scripts, publish: '' })).toContain(script);
  const files = [...workflow.matchAll(/npx tsx (\S+)/g)].map(([, file]) => file!);
  expect(files).not.toEqual([]);
  for (const file of files) expect(existsSync(join(root, file)), file).toBe(true);
});
