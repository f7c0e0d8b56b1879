/** Colours by what they mean. */

/** What is drawn: lanewise stands out, its peers are told apart where lines cross. */
export type Tone = 'compiled' | 'eager' | 'peer' | 'pytorch' | 'jax' | 'tensorflow' | 'other';

export type Theme = Readonly<Record<Tone | 'ink' | 'muted' | 'rule', string>>;

const light: Theme = {
  ink: '#1c2128',
  muted: '#57606a',
  rule: '#dfe3e8',
  compiled: '#0a5ca8',
  eager: '#4a8cc9',
  peer: '#8792a0',
  pytorch: '#b84a00',
  jax: '#0f7a55',
  tensorflow: '#7b3fc4',
  other: '#6b7480',
};

const dark: Theme = {
  ink: '#e6eaf0',
  muted: '#9aa5b1',
  rule: '#333b45',
  compiled: '#5aaef5',
  eager: '#3d82c4',
  peer: '#6b7684',
  pytorch: '#f0883e',
  jax: '#3fb98a',
  tensorflow: '#b58af0',
  other: '#8b95a1',
};

/** For files of their own, which stand on white. */
export const printed: Theme = light;
export const paper = '#ffffff';

const names = Object.keys(light) as (keyof Theme)[];

/** For the page, which decides between light and dark by itself. */
export const onPage = Object.fromEntries(names.map((name) => [name, `var(--${name})`])) as Theme;

const declarations = (theme: Theme) => names.map((name) => `--${name}: ${theme[name]};`).join(' ');

/** What `onPage` refers to; paper is light whatever the screen is. */
export const themeStyle = [
  `:root { color-scheme: light dark; --page: ${paper}; ${declarations(light)} }`,
  `@media screen and (prefers-color-scheme: dark) { :root { --page: #14181d; ${declarations(dark)} } }`,
].join('\n');
