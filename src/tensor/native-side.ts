import type { Block, ProgramFactory } from '../ops/graph.js';

/** The side of a storage that traced programs compute on, and which side is newer. Only storage.ts changes it. */
export interface NativeSide {
  readonly factory: ProgramFactory;
  readonly block: Block;
  /** Programs that compute on the block. */
  users: number;
  /** Whether the host side has numbers that the block lacks. */
  hostIsNewer: boolean;
  /** Whether the block has numbers that the host side lacks. */
  blockIsNewer: boolean;
  /** Who is writing the block off the event loop, by the names that messages give them. */
  readonly writers: string[];
}
