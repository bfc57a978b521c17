import pc from 'picocolors';
import { expect, it } from 'vitest';
import { width } from '../format/text';
import { bar, spinner, unsteadyBar } from './bar';

const colors = pc.createColors(false);

it('fills a bar by its share, and never beyond', () => {
  expect(bar(0, 4, colors)).toBe('────');
  expect(bar(50, 4, colors)).toBe('━━──');
  expect(bar(99.9, 4, colors)).toBe('━━━─');
  expect(bar(100, 4, colors)).toBe('━━━━');
  expect(bar(250, 4, colors)).toBe('━━━━');
  expect(bar(-1, 4, colors)).toBe('────');
});

it('moves the piece of an unsteady bar back and forth, always inside', () => {
  const frames = Array.from({ length: 40 }, (_, i) => unsteadyBar(i * 100, 8, colors));
  for (const frame of frames) expect(width(frame)).toBe(8);
  expect(frames[0]).toBe('━━──────');
  expect(frames[6]).toBe('──────━━');
  expect(frames[12]).toBe('━━──────');
});

it('turns the spinner', () => {
  expect(spinner(0)).not.toBe(spinner(100));
});
