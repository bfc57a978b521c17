import { describe, expect, it } from 'vitest';
import { count, cut, manyLines, oneLine, pad, width } from './text';

describe('text from a job', () => {
  it('cannot move the cursor, change colours or retitle the terminal', () => {
    expect(oneLine('a\u001b[2J\u001b[31mb\u001b]0;title\u0007c')).toBe('abc');
    expect(oneLine('a\u001b')).toBe('a');
    expect(oneLine('a\u009b2Jb')).toBe('ab');
  });

  it('cannot turn the direction of what follows', () => {
    expect(oneLine('photo\u202egpj.exe')).toBe('photogpj.exe');
  });

  it('becomes one line, or keeps its lines', () => {
    expect(oneLine(' a\r\n\tb\nc ')).toBe('a b c');
    expect(manyLines('a\r\nb\u0007\n\tc')).toEqual(['a', 'b', '  c']);
  });
});

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

it('counts with the right number', () => {
  expect([count(0, 'job'), count(1, 'job'), count(1234, 'job')]).toEqual(['0 jobs', '1 job', '1,234 jobs']);
});
