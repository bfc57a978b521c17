import { expect, it } from 'vitest';
import { Lines } from './lines';

function linesOf(chunks: (string | Buffer)[]): string[] {
  const all: string[] = [];
  const lines = new Lines((line) => all.push(line));
  for (const chunk of chunks) lines.push(chunk);
  lines.flush();
  return all;
}

it('gives whole lines, however they come', () => {
  expect(linesOf(['a\nb', 'c\r\n', '\nd'])).toEqual(['a', 'bc', '', 'd']);
  expect(linesOf([])).toEqual([]);
  const text = Buffer.from('whale \u{1F40B}\n');
  expect(linesOf([text.subarray(0, 8), text.subarray(8)])).toEqual(['whale \u{1F40B}']);
});

it('cuts lines without an end', () => {
  expect(linesOf(['x'.repeat(8_000), 'x'.repeat(8_000), 'y\n']).map(({ length }) => length)).toEqual([16_000, 1]);
});
