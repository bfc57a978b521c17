import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { MAX_NAME_BYTES, nameFault, numberedName, safeFileName, splitExtension } from './name';

describe('safeFileName', () => {
  it.each([
    ['report.pdf', 'report.pdf'],
    ['../../etc/passwd', 'passwd'],
    ['..\\..\\windows\\system.ini', 'system.ini'],
    ['/absolute/path.txt', 'path.txt'],
    ['C:\\evil.exe', 'evil.exe'],
    ['C:evil.exe', 'C_evil.exe'],
    ['notes.txt:hidden.exe', 'notes.txt_hidden.exe'],
    ['nul', '_nul'],
    ['NUL.txt', '_NUL.txt'],
    ['com1', '_com1'],
    ['LPT¹.log', '_LPT¹.log'],
    ['con .txt', '_con .txt'],
    ['console.txt', 'console.txt'],
    ['trailing. . ', 'trailing'],
    ['  leading.txt', 'leading.txt'],
    ['-rf', '_rf'],
    ['.bashrc', '_bashrc'],
    ['a\u0000b\r\n\u001b[31m.txt', 'ab[31m.txt'],
    ['invoice\u202efdp.exe', 'invoicefdp.exe'],
    ['zero\u200bwidth\ufeff.txt', 'zerowidth.txt'],
    ['lone\ud800.txt', 'lone.txt'],
    ['what?<now>|"*.txt', 'what__now____.txt'],
    ['Cafe\u0301.txt', 'Caf\u00e9.txt'],
  ])('turns %j into %j', (raw, expected) => {
    expect(safeFileName(raw)).toBe(expected);
  });

  it.each(['', '.', '..', '...', '   ', 'folder/', 'a/..', '\u0000', '. .'])('finds nothing usable in %j', (raw) => {
    expect(safeFileName(raw)).toBeUndefined();
  });

  it('cuts long names at a whole character and keeps the extension', () => {
    const name = safeFileName(`${'😀'.repeat(100)}.tar.gz`) ?? '';
    expect(Buffer.byteLength(name)).toBeLessThanOrEqual(MAX_NAME_BYTES);
    expect(name).toMatch(/^(?:😀)+\.tar\.gz$/u);
    expect(safeFileName(`${'x'.repeat(300)}.pdf`)).toBe(`${'x'.repeat(MAX_NAME_BYTES - 4)}.pdf`);
    expect(safeFileName(`a.${'x'.repeat(300)}`)).toHaveLength(MAX_NAME_BYTES);
  });

  it('gives a name that it would not change again and that a caller could have chosen, whatever comes in', () => {
    const hostile = fc.constantFrom(
      '/',
      '\\',
      '..',
      '.',
      ' ',
      ':',
      'CON',
      'nul.',
      '\u202e',
      '\u0000',
      '-',
      '😀',
      'x'.repeat(200),
    );
    const texts = fc.oneof(
      fc.string({ unit: 'binary', maxLength: 300 }),
      fc.array(hostile).map((parts) => parts.join('')),
    );
    fc.assert(
      fc.property(texts, (raw) => {
        const name = safeFileName(raw);
        if (name === undefined) return;
        expect(safeFileName(name)).toBe(name);
        expect(nameFault(name)).toBeUndefined();
        expect(name).not.toMatch(/[\\/:]|^[-.]|[. ]$/);
      }),
    );
  });
});

describe('nameFault', () => {
  it('accepts the names that people choose, hidden files included', () => {
    for (const name of ['a.txt', '.env', '-', 'übung (1).pdf', '日本語.zip']) expect(nameFault(name)).toBeUndefined();
  });

  it.each(['', '..', 'a/b', 'a\\b', 'a\u0007', 'a:b', 'a ', 'a.', 'aux', 'x'.repeat(231)])('refuses %j', (name) => {
    expect(nameFault(name)).toBeTypeOf('string');
  });
});

describe('numberedName', () => {
  it('puts the number before the extension', () => {
    expect(numberedName('a.pdf', 1)).toBe('a (1).pdf');
    expect(numberedName('a.tar.gz', 2)).toBe('a (2).tar.gz');
    expect(numberedName('README', 3)).toBe('README (3)');
    expect(numberedName('.env', 1)).toBe('.env (1)');
  });
});

describe('splitExtension', () => {
  it('knows double extensions of archives, and takes a sentence for none', () => {
    expect(splitExtension('a.b.tar.xz')).toEqual(['a.b', '.tar.xz']);
    expect(splitExtension('Mr. Smith')).toEqual(['Mr. Smith', '']);
    expect(splitExtension('plain')).toEqual(['plain', '']);
  });
});
