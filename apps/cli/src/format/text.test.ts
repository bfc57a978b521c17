import { describe, expect, it } from 'vitest';
import { count, cut, pad, width, wrap } from './text';

describe('widths', () => {
  it('count columns, not characters', () => {
    expect(width('日本')).toBe(4);
    expect(width('\u001b[31mred\u001b[39m')).toBe(3);
    expect(pad('日本', 6)).toBe('日本  ');
    expect(pad('7', 3, 'right')).toBe('  7');
  });

  it('cut so that the text fits, whatever it is made of', () => {
    for (const text of [
      'plain text',
      '日本語のファイル',
      '\u001b[31mcoloured text\u001b[39m',
      'emoji 👩‍👩‍👧‍👦 family',
    ]) {
      for (let columns = 0; columns <= 20; columns += 1) {
        expect(width(cut(text, columns)), `${JSON.stringify(text)} in ${columns}`).toBeLessThanOrEqual(columns);
      }
    }
    expect(cut('abcdef', 4)).toBe('abc…');
    expect(cut('abcd', 4)).toBe('abcd');
  });
});

it('wraps without losing anything, and indents what follows', () => {
  const lines = wrap('  "file": "/a/very/long/path/to/a/file.iso"', 20, 4);
  for (const line of lines) expect(width(line)).toBeLessThanOrEqual(20);
  expect(lines.slice(1).every((line) => line.startsWith('    '))).toBe(true);
  expect(lines.map((line, i) => (i === 0 ? line : line.slice(4))).join('')).toBe(
    '  "file": "/a/very/long/path/to/a/file.iso"',
  );
  expect(wrap('short', 20, 4)).toEqual(['short']);
});

it('counts with the right number', () => {
  expect([count(0, 'job'), count(1, 'job'), count(1234, 'job')]).toEqual(['0 jobs', '1 job', '1,234 jobs']);
});
