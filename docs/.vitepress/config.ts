import { existsSync, readFileSync } from 'node:fs';
import { defineConfig } from 'vitepress';

interface Item {
  readonly text: string;
  readonly link?: string;
  readonly items?: readonly Item[];
}

const sidebar = new URL('../api/typedoc-sidebar.json', import.meta.url);
const whole: readonly Item[] = existsSync(sidebar) ? JSON.parse(readFileSync(sidebar, 'utf8')) : [];

/** Namespaces only: the sidebar is part of each page, and the names of all members would make each a quarter of a megabyte. */
const namespaces = (items: readonly Item[] = []): { text: string; link: string }[] =>
  items.flatMap(({ text, link, items: inner }) => [
    ...(link !== undefined && inner !== undefined ? [{ text: text === 'index' ? 'lanewise' : text, link }] : []),
    ...namespaces(inner),
  ]);
const api = [{ text: 'API', items: namespaces(whole) }];

export default defineConfig({
  title: 'lanewise',
  description: 'Fast CPU training of neural networks for Node',
  srcExclude: ['README.md', 'generated/**'],
  cleanUrls: false,
  lastUpdated: false,
  // Pages link to each other with `.md`; a link to nowhere fails the build.
  ignoreDeadLinks: false,
  markdown: { theme: { light: 'github-light', dark: 'github-dark' } },
  themeConfig: {
    search: { provider: 'local' },
    nav: [
      { text: 'Guide', link: '/start' },
      { text: 'API', link: '/api/' },
    ],
    sidebar: {
      '/api/': api,
      '/': [
        {
          text: 'Begin',
          items: [
            { text: 'Start', link: '/start' },
            { text: 'From PyTorch', link: '/from-pytorch' },
            { text: 'From TensorFlow.js and brain.js', link: '/from-tfjs-and-brain' },
            { text: 'Train on a table', link: '/tables' },
            { text: 'Load data in threads', link: '/data-loading' },
          ],
        },
        {
          text: 'Run',
          items: [
            { text: 'In a service', link: '/service' },
            { text: 'Compile, and what goes stale', link: '/compile' },
            { text: 'Save, resume, export', link: '/saving' },
            { text: 'Reproducible results', link: '/reproducible' },
            { text: 'NaN, and debugging', link: '/debugging' },
            { text: 'Speed', link: '/speed' },
            { text: 'More than one machine', link: '/distributed' },
            { text: 'Bundlers, Jest, Lambda, Electron', link: '/bundlers' },
          ],
        },
        {
          text: 'Extend',
          items: [
            { text: 'Write a layer, a loss, an optimizer', link: '/extending' },
            { text: 'How it works', link: '/how-it-works' },
          ],
        },
      ],
    },
  },
});
