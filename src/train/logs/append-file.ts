/** A file that grows while the training goes on: writing happens in the background, in the order of the calls. */
import { appendFile } from 'node:fs/promises';
import { ArgumentError } from '../../errors.js';
import { codeOf } from '../../files/path.js';

/** As much may wait to be written before a caller has to. */
const mostWaiting = 1 << 20;

export class AppendFile {
  readonly #caller: string;
  readonly #path: string;
  #waiting: Uint8Array[] = [];
  #bytes = 0;
  #writing: Promise<void> | null = null;
  #error: ArgumentError | null = null;

  /** @param caller the class that writes, for messages. The file is opened for each piece, so that none stays open when a training fails. */
  constructor(caller: string, path: string) {
    this.#caller = caller;
    this.#path = path;
  }

  /**
   * Has bytes written. Waits only where very much is waiting already.
   * @throws ArgumentError for what has failed to be written before.
   */
  async append(bytes: Uint8Array): Promise<void> {
    this.#check();
    this.#waiting.push(bytes);
    this.#bytes += bytes.length;
    this.#writing ??= this.#write();
    if (this.#bytes > mostWaiting) await this.flush();
  }

  /** Waits until all is written. @throws ArgumentError when it cannot be. */
  async flush(): Promise<void> {
    while (this.#writing !== null) await this.#writing;
    this.#check();
  }

  /** What has come together while a piece was written is the next piece. */
  async #write(): Promise<void> {
    try {
      while (this.#waiting.length > 0) {
        const piece = Buffer.concat(this.#waiting);
        this.#waiting = [];
        await appendFile(this.#path, piece);
        this.#bytes -= piece.length;
      }
    } catch (cause) {
      this.#error = unwritable(this.#caller, this.#path, cause);
    } finally {
      this.#writing = null;
    }
  }

  #check(): void {
    if (this.#error !== null) throw this.#error;
  }
}

export function unwritable(caller: string, path: string, cause: unknown): ArgumentError {
  const code = codeOf(cause);
  const reason = code === 'ENOENT' ? 'there is no such folder' : `cannot be written (${code ?? cause})`;
  return new ArgumentError(`${caller}: ${path}: ${reason}`, { cause });
}
