import { describe, expect, it } from 'vitest';
import { chooseName } from './choose-name';

describe('chooseName', () => {
  it('takes the first usable name', () => {
    expect(chooseName(['..', 'a/b.zip', 'c.zip'], undefined)).toBe('b.zip');
    expect(chooseName([], undefined)).toBe('download');
  });

  it('adds the extension of the media type when there is none', () => {
    expect(chooseName(['report'], 'application/pdf')).toBe('report.pdf');
    expect(chooseName([], 'text/html')).toBe('download.html');
    expect(chooseName(['tool-1.2'], 'application/zip')).toBe('tool-1.2.zip');
  });

  it('leaves an extension alone, and adds none for types that say nothing', () => {
    expect(chooseName(['report.doc'], 'application/pdf')).toBe('report.doc');
    expect(chooseName(['backup.001'], 'application/octet-stream')).toBe('backup.001');
    expect(chooseName(['report'], 'x/unheard-of')).toBe('report');
  });
});
