import type { DeviceBuffer, ProgramFactory } from '../ops/graph.js';

/** The side of a storage that traced programs compute on, and which side is newer. Only storage.ts changes it. */
export interface NativeSide {
  readonly factory: ProgramFactory;
  readonly buffer: DeviceBuffer;
  /** Programs that compute on the buffer. */
  users: number;
  /** Whether the host side has numbers that the buffer lacks. */
  hostIsNewer: boolean;
  /** Whether the buffer has numbers that the host side lacks. */
  bufferIsNewer: boolean;
  /** Who is writing the buffer off the event loop, by the names that messages give them. */
  readonly writers: string[];
}
