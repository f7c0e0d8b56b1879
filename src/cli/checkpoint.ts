/** A training that Ctrl-C stops, or a kill, goes on later: its file, and the command for it. */
import { access, rm } from 'node:fs/promises';
import type { Callback } from '../index.js';
import { isRecord } from '../realm.js';
import { CliError, UsageError } from './command.js';
import type { Transformer } from './model-file.js';

/** The checkpoint of a training whose model is saved at `out`: next to it. */
export const checkpointPath = (out: string): string => `${out.replace(/\.safetensors$/, '')}.checkpoint.safetensors`;

/** @throws UsageError when there is nothing to go on from. */
export async function checkCheckpoint(path: string): Promise<void> {
  try {
    await access(path);
  } catch (cause) {
    throw new UsageError(`--resume: ${path} is not there; a training that Ctrl-C stops writes it`, { cause });
  }
}

/** What is over needs no checkpoint. */
export const removeCheckpoint = (path: string): Promise<void> => rm(path, { force: true });

/**
 * Puts the fitted columns into the checkpoint. Numbers that mean something else would spoil what has been learnt, so a training goes
 * on with the same ones only.
 */
export class TableColumns implements Callback {
  readonly #json: string;

  constructor(transformer: Transformer) {
    this.#json = JSON.stringify(transformer);
  }

  stateDict(): unknown {
    return { transformer: this.#json };
  }

  /** @throws CliError for the columns of another table. */
  loadStateDict(state: unknown): void {
    if (!isRecord(state) || state.transformer !== this.#json)
      throw new CliError(
        '--resume: the table, or what is to be learnt from it, is not as it was when the training began',
      );
  }
}

/** The command of this process, with `--resume`, as a shell reads it. */
export function resumeCommand([command = '', ...args]: readonly string[]): string {
  const more = args.includes('--resume') ? args : ['--resume', ...args];
  return ['lanewise', command, ...more].map(quote).join(' ');
}

const quote = (text: string): string => (/^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`);
