/** The code blocks of a page of docs, as the steps of a session that a reader copies and pastes. */
export interface Step {
  /**
   * `program`: the blocks of TypeScript up to a command of the shell or the end of the page, one module. `file`: a block with a file name. `shell`:
   * commands.
   */
  readonly kind: 'program' | 'file' | 'shell';
  readonly code: string;
  readonly name?: string;
  /** What the page says that it prints. */
  readonly output: string;
}

/** Languages of blocks that are shown only: nothing here can run them. */
const shownOnly = new Set(['dockerfile', 'yaml', 'text']);

const fence = /^```(\w+)?(?: \[(.+?)\])?\n([\s\S]*?)^```$/gm;

/** @throws Error for a block that is neither run nor known as one that is shown only. */
export function stepsOf(page: string): Step[] {
  const steps: Step[] = [];
  const add = (step: Step, joined: boolean) => {
    const last = steps.at(-1);
    if (joined && last?.kind === 'program')
      steps[steps.length - 1] = { ...last, code: last.code + step.code, output: last.output + step.output };
    else steps.push(step);
  };
  for (const [whole, language = '', name, code = ''] of page.matchAll(fence)) {
    if (name !== undefined) steps.unshift({ kind: 'file', name, code, output: '' });
    else if (language === 'ts' || language === 'js') add({ kind: 'program', code, output: '' }, true);
    else if (language === 'sh') add({ kind: 'shell', code, output: '' }, false);
    else if (language === 'txt') {
      const last = steps.pop();
      if (last === undefined) throw new Error(`an output without anything that prints it:\n${whole}`);
      steps.push({ ...last, output: last.output + code });
    } else if (!shownOnly.has(language)) throw new Error(`a block that no test runs:\n${whole}`);
  }
  return steps;
}

const escaped = (text: string) => text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&').replace(/ +/g, ' +');

/** Whether the lines of `expected` are lines of `printed`, whole and in this order, with others between them or not. `...` stands for anything in a line. */
export function prints(printed: string, expected: string): boolean {
  const lines = expected.split('\n').flatMap((line) => line.trim() || []);
  const patterns = lines.map((line) => `^ *${line.split('...').map(escaped).join('.*?')} *$`);
  return new RegExp(patterns.join('[\\s\\S]*?'), 'm').test(printed);
}
