/**
 * A stream of text, line by line.
 *
 * @module
 */
import { StringDecoder } from 'node:string_decoder';

/** Longer lines are cut: a log keeps no more of one. */
const MAX_LENGTH = 10_000;

/** Gives whole lines; the last one, if it never ended, when it is asked to. */
export class Lines {
  readonly #onLine: (line: string) => void;
  readonly #decoder = new StringDecoder('utf8');
  #rest = '';

  constructor(onLine: (line: string) => void) {
    this.#onLine = onLine;
  }

  push(chunk: Buffer | string): void {
    this.#rest += typeof chunk === 'string' ? chunk : this.#decoder.write(chunk);
    const lines = this.#rest.split(/\r?\n/);
    this.#rest = lines.pop() ?? '';
    for (const line of lines) this.#onLine(line);
    if (this.#rest.length > MAX_LENGTH) this.flush();
  }

  /** What came after the last line break. */
  flush(): void {
    const rest = this.#rest;
    this.#rest = '';
    if (rest !== '') this.#onLine(rest);
  }
}
