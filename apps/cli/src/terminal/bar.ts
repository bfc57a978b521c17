/**
 * Progress bars and spinners, as text.
 *
 * @module
 */
import type { Colors } from 'picocolors/types';

const FRAMES = ['⠋', '⠙', '⠹', '⠸', '⠼', '⠴', '⠦', '⠧', '⠇', '⠏'];
const FRAME_MS = 100;

/** One frame of a spinner for this moment. */
export function spinner(now: number): string {
  return FRAMES[Math.floor(now / FRAME_MS) % FRAMES.length] ?? '⠋';
}

/** A bar of so many columns, filled to `percent` (0 to 100). */
export function bar(percent: number, columns: number, colors: Colors): string {
  const share = Math.min(Math.max(percent, 0), 100) / 100;
  const full = Math.floor(share * columns);
  return colors.green('━'.repeat(full)) + colors.dim('─'.repeat(Math.max(0, columns - full)));
}

/** A bar of so many columns with a piece that wanders: there is progress, and nobody knows how far it has to go. */
export function unsteadyBar(now: number, columns: number, colors: Colors): string {
  const piece = Math.max(1, Math.floor(columns / 4));
  const way = Math.max(1, columns - piece);
  const step = Math.floor(now / FRAME_MS) % (2 * way);
  const left = step <= way ? step : 2 * way - step;
  return (
    colors.dim('─'.repeat(left)) + colors.green('━'.repeat(piece)) + colors.dim('─'.repeat(columns - left - piece))
  );
}
