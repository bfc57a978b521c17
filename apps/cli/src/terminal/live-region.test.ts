import xterm from '@xterm/headless';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { OutStream } from '../io';
import { LiveRegion } from './live-region';

/** A real terminal emulator, without a screen. */
class Screen implements OutStream {
  readonly isTTY = true;
  readonly terminal: xterm.Terminal;
  writes = 0;
  text = '';

  constructor(
    public columns = 20,
    public rows = 6,
  ) {
    this.terminal = new xterm.Terminal({ cols: columns, rows, allowProposedApi: true, convertEol: true });
  }

  write(text: string): boolean {
    this.writes += 1;
    this.text += text;
    this.terminal.write(text);
    return true;
  }

  resize(columns: number): void {
    this.columns = columns;
    this.terminal.resize(columns, this.rows);
  }

  /** Every line ever shown, without empty ones. */
  async lines(): Promise<string[]> {
    await new Promise<void>((resolve) => this.terminal.write('', resolve));
    const { active } = this.terminal.buffer;
    return Array.from({ length: active.length }, (_, i) => active.getLine(i)?.translateToString(true) ?? '').filter(
      (line) => line !== '',
    );
  }
}

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] });
});
afterEach(() => {
  vi.useRealTimers();
});

describe('LiveRegion', () => {
  it('redraws its lines in place', async () => {
    const screen = new Screen();
    let n = 0;
    const region = new LiveRegion(screen, () => [`first ${n}`, `second ${n}`]);
    region.start();
    n = 1;
    vi.advanceTimersByTime(100);
    expect(await screen.lines()).toEqual(['first 1', 'second 1']);
    region.stop();
  });

  it('writes ten times a second at most, and nothing when nothing changed', () => {
    const screen = new Screen();
    let n = 0;
    const region = new LiveRegion(screen, () => [String(n)]);
    region.start();
    const before = screen.writes;
    for (n = 1; n <= 1000; n += 1) vi.advanceTimersByTime(1);
    expect(screen.writes - before).toBeLessThanOrEqual(10);
    const after = screen.writes;
    vi.advanceTimersByTime(10_000);
    expect(screen.writes - after).toBeLessThanOrEqual(1);
    region.stop();
  });

  it('prints lines above itself, in order, and they stay', async () => {
    const screen = new Screen();
    const region = new LiveRegion(screen, () => ['bar']);
    region.start();
    region.print('one');
    region.print('two');
    vi.advanceTimersByTime(100);
    region.print('three');
    region.stop();
    expect(await screen.lines()).toEqual(['one', 'two', 'three']);
  });

  it('grows and shrinks without leaving anything behind', async () => {
    const screen = new Screen();
    let lines = ['a', 'b', 'c'];
    const region = new LiveRegion(screen, () => lines);
    region.start();
    lines = ['a'];
    vi.advanceTimersByTime(100);
    expect(await screen.lines()).toEqual(['a']);
    lines = [];
    vi.advanceTimersByTime(100);
    expect(await screen.lines()).toEqual([]);
    region.stop();
  });

  it('cuts long lines, and never shows more than the screen holds', async () => {
    const screen = new Screen(10, 4);
    const region = new LiveRegion(screen, () => Array.from({ length: 9 }, (_, i) => `line ${i} is far too long`));
    region.start();
    vi.advanceTimersByTime(500);
    region.stop(true);
    expect(await screen.lines()).toEqual(['line 0 is…', 'line 1 is…', 'line 2 is…']);
  });

  it('cleans up after the window became narrower and the terminal wrapped its lines', async () => {
    const screen = new Screen(20, 10);
    let n = 0;
    const region = new LiveRegion(screen, (columns) => [
      `${n} ${'x'.repeat(columns - 2)}`,
      `${n} ${'y'.repeat(columns - 2)}`,
    ]);
    region.start();
    screen.resize(10);
    n = 1;
    vi.advanceTimersByTime(100);
    expect(await screen.lines()).toEqual([`1 ${'x'.repeat(8)}`, `1 ${'y'.repeat(8)}`]);
    region.stop();
  });

  it('hides the cursor while it draws, and gives it back, also when the process ends without a stop', () => {
    const screen = new Screen();
    const before = process.listenerCount('exit');
    const region = new LiveRegion(screen, () => ['bar']);
    region.start();
    expect(screen.text).toContain('\u001b[?25l');
    const restore = process.listeners('exit').at(-1) as () => void;
    restore();
    expect(screen.text.endsWith('\u001b[?25h')).toBe(true);
    region.stop();
    region.stop();
    expect(process.listenerCount('exit')).toBe(before);
  });
});
