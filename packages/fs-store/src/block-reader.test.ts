import { appendFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { BlockReader } from './block-reader';
import { faultyFiles } from './testing/faults';
import { tempDir } from './testing/temp-dir';

const BLOCK = 1 << 18;

function reader(dir: string) {
  const files = faultyFiles();
  const reads = () => files.calls.filter(({ call }) => call === 'readSync').length;
  return { files, reads, blocks: new BlockReader(files, dir) };
}

describe('a block reader', () => {
  it('reads any piece, of any size, across blocks too', () => {
    const dir = tempDir();
    const content = Buffer.from(Array.from({ length: 3 * BLOCK + 100 }, (_, i) => 97 + ((i * 7) % 26)));
    writeFileSync(join(dir, 'a'), content);
    const { blocks } = reader(dir);
    for (const [offset, length] of [
      [0, 10],
      [BLOCK - 5, 10],
      [BLOCK, BLOCK],
      [BLOCK - 1, 2 * BLOCK],
      [3 * BLOCK + 90, 10],
      [17, 0],
    ] as const) {
      expect(blocks.read('a', offset, length)).toBe(content.toString('utf8', offset, offset + length));
    }
    blocks.close();
  });

  it('asks the disk once for neighbouring pieces', () => {
    const dir = tempDir();
    writeFileSync(join(dir, 'a'), Buffer.alloc(2 * BLOCK, 'x'));
    const { blocks, reads } = reader(dir);
    for (let at = 0; at < 1_000; at++) blocks.read('a', at * 200, 200);
    expect(reads()).toBe(1);
    blocks.close();
  });

  it('sees what was appended since', () => {
    const dir = tempDir();
    writeFileSync(join(dir, 'a'), 'one');
    const { blocks } = reader(dir);
    expect(blocks.read('a', 0, 3)).toBe('one');
    appendFileSync(join(dir, 'a'), 'two');
    expect(blocks.read('a', 3, 3)).toBe('two');
    blocks.close();
  });

  it('keeps 16 blocks, those that were used last', () => {
    const dir = tempDir();
    writeFileSync(join(dir, 'a'), Buffer.alloc(20 * BLOCK, 'x'));
    const { blocks, reads } = reader(dir);
    for (let i = 0; i < 16; i++) blocks.read('a', i * BLOCK, 1);
    blocks.read('a', 0, 1);
    expect(reads()).toBe(16);
    blocks.read('a', 16 * BLOCK, 1);
    blocks.read('a', 0, 1);
    expect(reads()).toBe(17);
    blocks.read('a', BLOCK, 1);
    expect(reads()).toBe(18);
    blocks.close();
  });

  it('keeps few files open, and closes them all', () => {
    const dir = tempDir();
    const { blocks, files } = reader(dir);
    for (let i = 0; i < 30; i++) {
      writeFileSync(join(dir, `f${i}`), `content ${i}`);
      expect(blocks.read(`f${i}`, 0, 7)).toBe('content');
    }
    const count = (name: string) => files.calls.filter(({ call }) => call === name).length;
    expect(count('openSync') - count('closeSync')).toBe(8);
    blocks.close();
    expect(count('openSync')).toBe(count('closeSync'));
  });

  it('forgets a file that was replaced', () => {
    const dir = tempDir();
    writeFileSync(join(dir, 'a'), 'old');
    const { blocks } = reader(dir);
    expect(blocks.read('a', 0, 3)).toBe('old');
    writeFileSync(join(dir, 'a'), 'new');
    blocks.forget('a');
    expect(blocks.read('a', 0, 3)).toBe('new');
    blocks.close();
  });

  it('says which bytes are not there', () => {
    const dir = tempDir();
    writeFileSync(join(dir, 'a'), 'short');
    const { blocks } = reader(dir);
    expect(() => blocks.read('a', 2, 10)).toThrow(expect.objectContaining({ code: 'UNREADABLE' }));
    expect(() => blocks.read('a', 0, 2 * BLOCK)).toThrow(expect.objectContaining({ code: 'UNREADABLE' }));
    expect(() => blocks.read('gone', 0, 1)).toThrow(
      expect.objectContaining({ code: 'UNREADABLE', cause: expect.objectContaining({ code: 'ENOENT' }) }),
    );
    blocks.close();
  });

  it('passes an I/O error on as the cause', () => {
    const dir = tempDir();
    writeFileSync(join(dir, 'a'), 'content');
    const { blocks, files } = reader(dir);
    files.plan = (call) => (call === 'readSync' ? 'EIO' : undefined);
    expect(() => blocks.read('a', 0, 3)).toThrow(
      expect.objectContaining({ cause: expect.objectContaining({ code: 'EIO' }) }),
    );
    files.plan = undefined;
    expect(blocks.read('a', 0, 3)).toBe('con');
    blocks.close();
  });
});
