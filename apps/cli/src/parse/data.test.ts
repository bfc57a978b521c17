import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { UsageError } from '../errors';
import { isPair, parsePairs, readData } from './data';

describe('parsePairs', () => {
  it('takes text as text, and JSON after :=', () => {
    expect(parsePairs(['a=1', 'b:=1', 'c:=true', 'd:=[1,"x"]', 'e=', 'f=a=b'])).toEqual({
      a: '1',
      b: 1,
      c: true,
      d: [1, 'x'],
      e: '',
      f: 'a=b',
    });
  });

  it('nests keys with dots', () => {
    expect(parsePairs(['size.w:=1', 'size.h:=2', 'name=x'])).toEqual({ size: { w: 1, h: 2 }, name: 'x' });
  });

  it('treats __proto__ as a key like any other', () => {
    const data = parsePairs(['__proto__.polluted=yes', 'constructor=x']);
    expect(Object.keys(data)).toEqual(['__proto__', 'constructor']);
    expect(({} as { polluted?: string }).polluted).toBeUndefined();
  });

  it.each([['=x'], ['x'], ['1a=x'], ['a:=nope'], ['a=1', 'a=2'], ['a=1', 'a.b=2']])('refuses %j %j', (...pairs) => {
    expect(() => parsePairs(pairs)).toThrow(UsageError);
  });

  it('does not take a URL with a query for a pair', () => {
    expect(isPair('https://example.org/?a=b')).toBe(false);
    expect(isPair('url=https://example.org/?a=b')).toBe(true);
    expect(isPair('file.iso')).toBe(false);
  });
});

describe('readData', () => {
  let folder: string;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'leviathan-cli-'));
  });
  afterAll(() => rm(folder, { recursive: true }));

  const noInput = (): Promise<string> => Promise.reject(new Error('standard input was read'));

  it('reads JSON, a file and standard input', async () => {
    const file = join(folder, 'data.json');
    await writeFile(file, '{"from":"file"}');
    expect(await readData('{"a":[1]}', noInput)).toEqual({ a: [1] });
    expect(await readData(`@${file}`, noInput)).toEqual({ from: 'file' });
    expect(await readData('-', async () => '{"from":"stdin"}')).toEqual({ from: 'stdin' });
    expect(await readData('@-', async () => '7')).toBe(7);
  });

  it('names the source of what is not JSON', async () => {
    const file = join(folder, 'broken.json');
    await writeFile(file, '{');
    await expect(readData('{', noInput)).rejects.toThrow(/--data is not JSON/);
    await expect(readData(`@${file}`, noInput)).rejects.toThrow(/broken\.json is not JSON/);
    await expect(readData('@/no/such/file', noInput)).rejects.toThrow(/Cannot read the file of --data/);
  });
});
