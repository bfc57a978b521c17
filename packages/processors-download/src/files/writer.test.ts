import { randomBytes, randomInt } from 'node:crypto';
import { type FileHandle, mkdtemp, open, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { BlockWriter } from './writer';

const MiB = 1024 * 1024;

describe('BlockWriter', () => {
  let folder = '';
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'writer-'));
  });
  afterAll(() => rm(folder, { recursive: true }));

  async function write(chunks: Buffer[], wrap = (file: FileHandle): FileHandle => file) {
    const path = join(folder, String(randomInt(2 ** 40)));
    const file = await open(path, 'w');
    const writes: number[] = [];
    const counted = wrap(file);
    const writer = new BlockWriter(
      new Proxy(counted, {
        get(target, key) {
          if (key !== 'writev') return Reflect.get(target, key);
          return (buffers: Buffer[], position: number) => {
            writes.push(position);
            return counted.writev(buffers, position);
          };
        },
      }),
      0,
    );
    for (const chunk of chunks) await writer.write(chunk);
    await writer.flush();
    await file.close();
    return { content: await readFile(path), writes, writer };
  }

  it('writes what it was given, in order, with few large writes', async () => {
    const chunks = Array.from({ length: 500 }, () => randomBytes(randomInt(0, 64 * 1024)));
    const { content, writes, writer } = await write(chunks);
    const expected = Buffer.concat(chunks);
    expect(content.equals(expected)).toBe(true);
    expect(writer.written).toBe(expected.length);
    expect(writer.received).toBe(expected.length);
    expect(writes.length).toBeLessThanOrEqual(Math.ceil(expected.length / MiB) + 1);
  });

  it('takes more tiny chunks than one system call does', async () => {
    const chunks = Array.from({ length: 10_000 }, (_, i) => Buffer.from([i % 251]));
    expect((await write(chunks)).content.equals(Buffer.concat(chunks))).toBe(true);
  });

  it('continues after a short write', async () => {
    const chunks = Array.from({ length: 40 }, () => randomBytes(64 * 1024));
    const short = (file: FileHandle): FileHandle =>
      new Proxy(file, {
        get(target, key) {
          if (key !== 'writev') return Reflect.get(target, key);
          return async (buffers: Buffer[], position: number) => {
            const piece = Buffer.concat(buffers).subarray(0, 100_000);
            const { bytesWritten } = await target.write(piece, 0, piece.length, position);
            return { bytesWritten, buffers };
          };
        },
      });
    expect((await write(chunks, short)).content.equals(Buffer.concat(chunks))).toBe(true);
  });

  it('makes the source wait before much is in memory', async () => {
    const file = await open(join(folder, 'wait'), 'w');
    const writer = new BlockWriter(file, 0);
    let bytes = 0;
    for (;;) {
      const wait = writer.write(Buffer.alloc(64 * 1024));
      bytes += 64 * 1024;
      if (wait === undefined) continue;
      await wait;
      break;
    }
    expect(bytes).toBeLessThanOrEqual(8 * MiB);
    await writer.flush();
    await file.close();
  });

  it.runIf(process.platform === 'linux')('fails with the error of the disk, on every call from then on', async () => {
    const full = await open('/dev/full', 'w');
    const writer = new BlockWriter(full, 0);
    writer.write(Buffer.alloc(100));
    await expect(writer.flush()).rejects.toMatchObject({ code: 'ENOSPC' });
    expect(() => writer.write(Buffer.alloc(1))).toThrow('ENOSPC');
    await expect(writer.flush()).rejects.toMatchObject({ code: 'ENOSPC' });
    await full.close();
  });
});
