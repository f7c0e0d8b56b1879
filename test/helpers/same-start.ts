/**
 * Every file starts from the same numbers, also where files share a process: a seed or `masks: 'mt19937'` that an earlier file left in the
 * default generator would change what a later one records.
 */
import { manualSeed } from '../../src/index.js';

manualSeed(0);
