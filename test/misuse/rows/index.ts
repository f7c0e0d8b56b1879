/** The table of bad input. */
import type { Row } from '../row.js';
import { autogradRows } from './autograd.js';
import { creationRows } from './creation.js';
import { functionRows } from './functions.js';
import { shapeRows } from './shapes.js';
import { sizeRows } from './sizes.js';

export const rows: readonly Row[] = [...sizeRows, ...creationRows, ...functionRows, ...shapeRows, ...autogradRows];
