/** What the project set out to reach, computed from the rows of one run. */
import type { Row, Target } from './document.js';
import { Lookup } from './lookup.js';
import { judgeSweeps } from './sweeps.js';
import { judgeCompiled } from './targets-compiled.js';
import { judgeEager } from './targets-eager.js';

export function isReached({ value, target, bound }: Pick<Target, 'value' | 'target' | 'bound'>): boolean {
  return bound === 'least' ? value >= target : value <= target;
}

/** Every target of which this run measured everything. */
export function judge(rows: readonly Row[]): Target[] {
  const lookup = new Lookup(rows);
  const measured = [...judgeEager(lookup, rows), ...judgeCompiled(lookup)].flatMap((goal): Target[] => {
    const { value } = goal;
    return value === null ? [] : [{ ...goal, value, reached: isReached({ ...goal, value }) }];
  });
  return [...measured, ...judgeSweeps(rows)];
}
