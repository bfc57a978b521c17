import type { FileHandle } from 'node:fs/promises';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { FakeClock } from '@leviathan/core/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type ControlRecord, readControl } from './control';
import { controlPath, PartFile, partPath } from './part';
import { type RecordBase, RecordedWriter } from './recorder';

const base: RecordBase = { job: 'j', source: 's', url: 'u', finalUrl: 'u', resumable: true, boot: 'b' };

let folder = '';
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'recorder-'));
});
afterAll(() => rm(folder, { recursive: true }));

async function recorded(name: string, change: (part: PartFile) => PartFile = (part) => part) {
  const target = join(folder, name);
  const part = await PartFile.acquire(target, { create: true });
  if (!(part instanceof PartFile)) throw new Error('busy');
  const clock = new FakeClock();
  const failures: unknown[] = [];
  const writer = new RecordedWriter(change(part), base, 0, clock, (error) => failures.push(error));
  return { target, part, clock, failures, recorder: writer, record: () => readControl(controlPath(target)) };
}

/** Asks until the record is as wanted: files are written in their own time. */
async function until(record: () => Promise<ControlRecord | undefined>, wanted: (record: ControlRecord) => boolean) {
  for (;;) {
    const now = await record();
    if (now !== undefined && wanted(now)) return now;
    await new Promise(setImmediate);
  }
}

/** The part with another way to sync. */
function withSync(part: PartFile, datasync: FileHandle['datasync']): PartFile {
  const handle = new Proxy(part.handle, {
    get(target, key) {
      if (key === 'datasync') return datasync;
      const value: unknown = Reflect.get(target, key);
      return typeof value === 'function' ? value.bind(target) : value;
    },
  });
  return new Proxy(part, { get: (target, key) => (key === 'handle' ? handle : Reflect.get(target, key, target)) });
}

describe('RecordedWriter', () => {
  it('writes a record before the first byte', async () => {
    const { recorder, record, part, target } = await recorded('first');
    await recorder.start();
    expect(await record()).toMatchObject({ durable: 0, boot: 'b' });
    expect(await readFile(partPath(target))).toHaveLength(0);
    await recorder.stop();
    await part.close();
  });

  it('writes and syncs every second what came, and counts as durable only what was there before a sync that returned', async () => {
    let release = (): void => undefined;
    const gate = new Promise<void>((resolve) => {
      release = resolve;
    });
    const { recorder, record, part, clock } = await recorded('second', (real) =>
      withSync(real, async () => {
        await gate;
        await real.handle.datasync();
      }),
    );
    await recorder.start();
    recorder.writer.write(Buffer.alloc(100));
    await recorder.writer.flush();
    await clock.advance(1_000);
    recorder.writer.write(Buffer.alloc(50));
    await recorder.writer.flush();
    release();
    expect(await until(record, (now) => now.durable > 0)).toMatchObject({ durable: 100, boot: 'b' });
    await recorder.stop();
    await part.close();
  });

  it('ends the download when a sync fails, and does not try another on the same file', async () => {
    let syncs = 0;
    const broken = Object.assign(new Error('input/output error'), { code: 'EIO', syscall: 'fdatasync' });
    const { recorder, record, part, clock, failures } = await recorded('broken', (real) =>
      withSync(real, () => {
        syncs += 1;
        return Promise.reject(broken);
      }),
    );
    await recorder.start();
    recorder.writer.write(Buffer.alloc(100));
    await recorder.writer.flush();
    await clock.advance(5_000);
    expect(failures).toEqual([broken]);
    expect(syncs).toBe(1);
    await recorder.stop();
    // Without a boot id the next attempt starts where the last good sync was.
    expect(await record()).toEqual({ job: 'j', source: 's', url: 'u', finalUrl: 'u', resumable: true, durable: 0 });
    await part.close();
  });

  it('hands every byte over when it stops, and syncs them when the file is complete', async () => {
    const { recorder, record, part, target } = await recorded('stop');
    await recorder.start();
    recorder.writer.write(Buffer.from('some bytes'));
    await recorder.stop();
    expect(await record()).toMatchObject({ durable: 0 });
    expect((await readFile(partPath(target))).toString()).toBe('some bytes');
    recorder.writer.write(Buffer.from(', more bytes'));
    await recorder.complete();
    expect(await record()).toMatchObject({ durable: 22, total: 22 });
    expect((await readFile(partPath(target))).toString()).toBe('some bytes, more bytes');
    await part.close();
  });
});
