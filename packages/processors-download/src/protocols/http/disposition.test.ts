import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { dispositionName } from './disposition';

/** As undici hands headers over: each byte one character. */
const latin1 = (text: string): string => Buffer.from(text, 'utf8').toString('latin1');

describe('dispositionName', () => {
  it.each([
    ['attachment; filename="report.pdf"', 'report.pdf'],
    ['attachment; filename=report.pdf', 'report.pdf'],
    ['filename=report.pdf', 'report.pdf'],
    ['ATTACHMENT; FileName = "a b.txt" ; size=3', 'a b.txt'],
    ['attachment; filename=two words.txt; size=3', 'two words.txt'],
    ['attachment; filename="with; semicolon.txt"', 'with; semicolon.txt'],
    ['attachment; filename="say \\"hi\\".txt"', 'say "hi".txt'],
    ['attachment; filename="C:\\temp\\x.txt"', 'C:\\temp\\x.txt'],
    ['attachment; filename="never closed.txt', 'never closed.txt'],
    [`attachment; filename="${latin1('naïve 日本.txt')}"`, 'naïve 日本.txt'],
    ['attachment; filename="na\u00efve.txt"', 'naïve.txt'],
    ['attachment; filename="na%C3%AFve.txt"', 'naïve.txt'],
    ['attachment; filename="100% done.txt"', '100% done.txt'],
    ["attachment; filename=plain.txt; filename*=UTF-8''na%C3%AFve.txt", 'naïve.txt'],
    ["attachment; filename*=utf-8'en'%e2%82%ac%20rates.txt; filename=x", '€ rates.txt'],
    ["attachment; filename*=ISO-8859-1''%A3%20rates.txt", '£ rates.txt'],
    ["attachment; filename*=UTF-8''%ZZbroken; filename=fallback.txt", 'fallback.txt'],
    ["attachment; filename*=UTF-16''x; filename=fallback.txt", 'fallback.txt'],
    ['attachment; filename="../../etc/passwd"', '../../etc/passwd'],
  ])('%s -> %s', (header, name) => {
    expect(dispositionName(header)).toBe(name);
  });

  it.each(['attachment', 'inline; size=3', 'attachment; filename=""', 'attachment; filename=', ''])(
    'finds no name in %j',
    (header) => {
      expect(dispositionName(header)).toBeUndefined();
    },
  );

  it('gives back every name that was written by the grammar', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme', minLength: 1 }), (name) => {
        const encoded = Buffer.from(name).toString('hex').replace(/../g, '%$&');
        expect(dispositionName(`attachment; filename*=UTF-8''${encoded}`)).toBe(name);
      }),
    );
  });

  it('survives any header', () => {
    fc.assert(fc.property(fc.string({ unit: 'binary' }), (header) => void dispositionName(`attachment; ${header}`)));
  });

  it('takes linear time on long hostile headers', () => {
    const started = performance.now();
    for (const unit of ['filename="\\', ';filename*', '= ; = ;', "''''"])
      dispositionName(unit.repeat(16_384 / unit.length));
    expect(performance.now() - started).toBeLessThan(1_000);
  });
});
