import { describe, expect, it } from 'vitest';
import { manyLines, oneLine } from './safe';

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
