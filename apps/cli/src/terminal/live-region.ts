/**
 * Lines at the bottom of a terminal that change in place.
 *
 * @module
 */
import { cut, width } from '../format/text';
import type { OutStream } from '../io';

const HIDE_CURSOR = '\u001b[?25l';
const SHOW_CURSOR = '\u001b[?25h';
const CLEAR_LINE_END = '\u001b[K';
const CLEAR_BELOW = '\u001b[J';

/** Frames per second: enough for the eye, and nothing for the processor. */
const HZ = 10;

/** Makes the lines to show for so many columns and rows. Lines that are too long are cut. */
export type Frame = (columns: number, rows: number) => string[];

/** A region that redraws itself while it is open, and prints other lines above itself. */
export class LiveRegion {
  private timer: ReturnType<typeof setInterval> | undefined;
  private drawn: string[] = [];
  private above: string[] = [];
  private readonly restore = (): void => {
    if (this.timer !== undefined) this.stream.write(SHOW_CURSOR);
  };

  constructor(
    private readonly stream: OutStream,
    private readonly frame: Frame,
  ) {}

  /** Draws the first frame and goes on at 10 Hz. */
  start(): void {
    if (this.timer !== undefined) return;
    this.stream.write(HIDE_CURSOR);
    this.timer = setInterval(() => this.draw(), 1000 / HZ);
    // However the process ends, the terminal gets its cursor back.
    process.once('exit', this.restore);
    this.draw();
  }

  /** A line that stays, above the region; it appears with the next frame. */
  print(line: string): void {
    this.above.push(line);
  }

  /** Ends the drawing. The last frame stays on the screen if `keep` is true. */
  stop(keep = false): void {
    if (this.timer === undefined) return;
    clearInterval(this.timer);
    if (keep) this.draw();
    else this.paint([]);
    this.stream.write(SHOW_CURSOR);
    this.timer = undefined;
    process.removeListener('exit', this.restore);
  }

  private draw(): void {
    const columns = this.stream.columns || 80;
    const rows = this.stream.rows || 24;
    // One row less than the screen: a region as tall as the screen would scroll with its last line break.
    const lines = this.frame(columns, rows).slice(0, Math.max(1, rows - 1));
    const fitted = lines.map((line) => cut(line, columns));
    if (this.above.length === 0 && same(fitted, this.drawn)) return;
    this.paint(fitted);
  }

  private paint(lines: string[]): void {
    const columns = this.stream.columns || 80;
    // After the window became narrower the terminal has wrapped what stands there: it takes more rows than lines.
    const height = this.drawn.reduce((sum, line) => sum + Math.max(1, Math.ceil(width(line) / columns)), 0);
    const rows = this.stream.rows || 24;
    const up = Math.min(height, rows - 1);
    const home = up > 0 ? `\u001b[${up}A\r` : '\r';
    const text = [...this.above, ...lines].map((line) => `${line}${CLEAR_LINE_END}\n`).join('');
    // One write per frame: a frame that arrives in two pieces flickers.
    this.stream.write(`${home}${text}${CLEAR_BELOW}`);
    this.above = [];
    this.drawn = lines;
  }
}

function same(a: readonly string[], b: readonly string[]): boolean {
  return a.length === b.length && a.every((line, i) => line === b[i]);
}
