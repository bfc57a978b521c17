import { readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { deflateSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { nodeFiles } from './files';
import { rebuildReserve, releaseReserve } from './reserve';
import { faultyFiles } from './testing/faults';
import { tempDir } from './testing/temp-dir';

describe('the reserve', () => {
  it('is a megabyte that takes a megabyte, on file systems that compress too', async () => {
    const dir = tempDir();
    expect(await rebuildReserve(nodeFiles, dir)).toBe(true);
    const bytes = readFileSync(join(dir, 'reserve'));
    expect(bytes.length).toBe(1 << 20);
    expect(deflateSync(bytes).length).toBeGreaterThan(1 << 20);
    if (process.platform === 'linux')
      expect(statSync(join(dir, 'reserve')).blocks * 512).toBeGreaterThanOrEqual(1 << 20);
  });

  it('is given away once, and made again', async () => {
    const dir = tempDir();
    expect(releaseReserve(nodeFiles, dir)).toBe(false);
    await rebuildReserve(nodeFiles, dir);
    expect(releaseReserve(nodeFiles, dir)).toBe(true);
    expect(readdirSync(dir)).toEqual([]);
    expect(releaseReserve(nodeFiles, dir)).toBe(false);
    expect(await rebuildReserve(nodeFiles, dir)).toBe(true);
  });

  it('is left alone when it is whole, and made anew when it is not', async () => {
    const dir = tempDir();
    writeFileSync(join(dir, 'reserve'), 'too small');
    await rebuildReserve(nodeFiles, dir);
    const { ino, size } = statSync(join(dir, 'reserve'));
    expect(size).toBe(1 << 20);
    await rebuildReserve(nodeFiles, dir);
    expect(statSync(join(dir, 'reserve')).ino).toBe(ino);
  });

  it.each(['write', 'fsync', 'openSync'] as const)(
    'waits for room when the disk is full in %s, and leaves nothing',
    async (bad) => {
      const dir = tempDir();
      const files = faultyFiles((call, _args, nth) =>
        call === bad && nth === (bad === 'write' ? 7 : 0) ? 'ENOSPC' : undefined,
      );
      expect(await rebuildReserve(files, dir).catch((error) => error.code)).toBe(bad === 'openSync' ? 'ENOSPC' : false);
      expect(readdirSync(dir)).toEqual([]);
    },
  );

  it('reports other failures', async () => {
    const dir = tempDir();
    const files = faultyFiles((call) => (call === 'fsync' ? 'EIO' : undefined));
    await expect(rebuildReserve(files, dir)).rejects.toMatchObject({ code: 'EIO' });
    expect(readdirSync(dir)).toEqual([]);
  });
});
