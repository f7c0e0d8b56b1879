/** Names of files that come in numbers: `run/{step}.safetensors`. */
import { readdir } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { codeOf, unreadable } from '../files/path.js';

const variable = /\{(epoch|step)\}/g;

/** Whether the files of a path are told apart by epoch or step. */
export const isPattern = (path: string): boolean => path.search(variable) >= 0;

/** The path of the file for a moment of a training. */
export function fillPath(path: string, moment: { readonly epoch: number; readonly step: number }): string {
  return path.replaceAll(variable, (_, name: 'epoch' | 'step') => String(moment[name]));
}

/**
 * The file of a pattern with the largest step, or where only epochs are in it, the largest epoch; null when there is none.
 * @throws ArgumentError when its folder cannot be read.
 */
export async function latestOf(caller: string, pattern: string): Promise<string | null> {
  const folder = dirname(pattern);
  const form = basename(pattern);
  const order: string[] = [];
  const source = form
    .split(/(\{epoch\}|\{step\})/)
    .map((part) => {
      if (part !== '{epoch}' && part !== '{step}') return part.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&');
      order.push(part);
      return '(\\d+)';
    })
    .join('');
  const name = new RegExp(`^${source}$`);
  const numbers = (file: string) => {
    const found = name.exec(file);
    const of = (part: string) => Number(found?.[1 + order.indexOf(part)] ?? 0);
    return found === null
      ? null
      : { step: order.includes('{step}') ? of('{step}') : 0, epoch: order.includes('{epoch}') ? of('{epoch}') : 0 };
  };
  const files = await readdir(folder).catch((error: unknown) => {
    if (codeOf(error) === 'ENOENT') return [];
    throw unreadable(caller, folder, error);
  });
  let latest: { readonly file: string; readonly step: number; readonly epoch: number } | null = null;
  for (const file of files) {
    const found = numbers(file);
    if (found === null) continue;
    const isLater =
      latest === null || found.step > latest.step || (found.step === latest.step && found.epoch > latest.epoch);
    if (isLater) latest = { file, ...found };
  }
  return latest === null ? null : join(folder, latest.file);
}
