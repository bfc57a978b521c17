/**
 * What goes where: data on stdout, everything else on stderr; colours and animation only where they belong.
 *
 * @module
 */
import pc from 'picocolors';
import type { Colors } from 'picocolors/types';
import type { Io, OutStream } from '../io';

/** The global options that say how output looks. */
export interface OutputOptions {
  json?: boolean;
  quiet?: boolean;
  /** False with `--no-color`. */
  color?: boolean;
}

/** Writes the command's output. */
export class Output {
  /** Colours for what is written to stdout. */
  readonly colors: Colors;
  /** Colours for what is written to stderr. */
  readonly noteColors: Colors;
  readonly json: boolean;
  readonly quiet: boolean;
  /** Bars and live tables may be drawn: both streams show on a terminal that can move its cursor. */
  readonly live: boolean;

  constructor(
    private readonly io: Io,
    options: OutputOptions,
  ) {
    this.json = options.json === true;
    this.quiet = options.quiet === true;
    this.colors = pc.createColors(wantsColor(io, io.stdout, options));
    this.noteColors = pc.createColors(wantsColor(io, io.stderr, options));
    const smart = io.env.TERM !== 'dumb' && !io.env.CI;
    // Both: bars on stderr look broken as soon as stdout goes elsewhere.
    this.live = smart && !this.quiet && io.stdout.isTTY === true && io.stderr.isTTY === true;
  }

  /** Columns of stdout; Infinity where it is no terminal, so that nothing is cut for a file or a pipe. */
  get columns(): number {
    return this.io.stdout.isTTY === true ? this.io.stdout.columns || 80 : Number.POSITIVE_INFINITY;
  }

  /** One line of data. Resolves when the stream takes more. */
  async line(text: string): Promise<void> {
    await this.write(`${text}\n`);
  }

  /** Several lines of data in one write. */
  async lines(lines: readonly string[]): Promise<void> {
    if (lines.length > 0) await this.write(`${lines.join('\n')}\n`);
  }

  /** One JSON document, indented for people. */
  async value(value: unknown): Promise<void> {
    await this.line(JSON.stringify(value, null, 2));
  }

  /** One JSON document on one line, as a line of NDJSON. */
  async record(value: unknown): Promise<void> {
    await this.line(JSON.stringify(value));
  }

  /** A remark for people; not with `--quiet`. */
  note(text: string): void {
    if (!this.quiet) this.io.stderr.write(`${text}\n`);
  }

  /** A warning for people, also with `--quiet`. */
  warn(text: string): void {
    this.io.stderr.write(`${this.noteColors.yellow('warning:')} ${text}\n`);
  }

  private async write(text: string): Promise<void> {
    const { stdout } = this.io;
    if (stdout.write(text) || stdout.once === undefined) return;
    // A slow reader on the other end of a pipe: an export of a million jobs must not pile up in memory.
    // One that is gone takes nothing any more; what to do about that is the signals' affair.
    await new Promise<void>((resolve) => {
      for (const event of ['drain', 'close', 'error'] as const) stdout.once?.(event, resolve);
    });
  }
}

function wantsColor(io: Io, stream: OutStream, options: OutputOptions): boolean {
  const { NO_COLOR, FORCE_COLOR, TERM } = io.env;
  if (options.color === false || (NO_COLOR !== undefined && NO_COLOR !== '')) return false;
  if (FORCE_COLOR !== undefined && FORCE_COLOR !== '') return FORCE_COLOR !== '0' && FORCE_COLOR !== 'false';
  return TERM !== 'dumb' && stream.isTTY === true;
}
