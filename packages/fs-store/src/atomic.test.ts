import { mkdirSync, readdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, it, vi } from 'vitest';
import {
  ensureDirSync,
  isTemporary,
  openTemporary,
  renameBusy,
  unlinkBusy,
  writeAll,
  writeAllSync,
  writeFileAtomic,
  writeFileAtomicSync,
} from './atomic';
import { nodeFiles } from './files';
import { faultyFiles } from './testing/faults';
import { tempDir } from './testing/temp-dir';

afterEach(() => {
  vi.useRealTimers();
});

describe('writing all', () => {
  it('goes on after short writes, both ways', async () => {
    const path = join(tempDir(), 'file');
    const files = faultyFiles(() => ({ short: 3 }));
    const fd = files.openSync(path, 'create');
    writeAllSync(files, fd, Buffer.from('0123456789'));
    await writeAll(files, fd, Buffer.from('abcdefgh'));
    files.closeSync(fd);
    expect(readFileSync(path, 'utf8')).toBe('0123456789abcdefgh');
    expect(files.calls.filter(({ call }) => call === 'writeSync')).toHaveLength(4);
  });

  it('fails with EIO instead of spinning when a device takes nothing', async () => {
    const files = faultyFiles((call) => (call.startsWith('write') ? { short: 0 } : undefined));
    const fd = files.openSync(join(tempDir(), 'file'), 'create');
    expect(() => writeAllSync(files, fd, Buffer.from('x'))).toThrow(expect.objectContaining({ code: 'EIO' }));
    await expect(writeAll(files, fd, Buffer.from('x'))).rejects.toMatchObject({ code: 'EIO' });
    files.closeSync(fd);
  });
});

describe('ensuring a folder', () => {
  it('makes it and those above it, mode 0700, and is content when it stands', () => {
    const dir = tempDir();
    const path = join(dir, 'a', 'b', 'c');
    expect(ensureDirSync(nodeFiles, path)).toEqual([join(dir, 'a'), join(dir, 'a', 'b'), path]);
    expect(ensureDirSync(nodeFiles, path)).toEqual([]);
    if (process.platform !== 'win32') {
      for (const path of ['a', 'a/b', 'a/b/c']) expect(statSync(join(dir, path)).mode & 0o777).toBe(0o700);
    }
  });

  it('refuses a file and a symbolic link in its place', () => {
    const dir = tempDir();
    writeFileSync(join(dir, 'file'), '');
    expect(() => ensureDirSync(nodeFiles, join(dir, 'file'))).toThrow(expect.objectContaining({ code: 'ENOTDIR' }));
    if (process.platform === 'win32') return;
    mkdirSync(join(dir, 'elsewhere'));
    symlinkSync(join(dir, 'elsewhere'), join(dir, 'link'));
    expect(() => ensureDirSync(nodeFiles, join(dir, 'link'))).toThrow(expect.objectContaining({ code: 'ENOTDIR' }));
    symlinkSync(join(dir, 'nowhere'), join(dir, 'dangling'));
    expect(() => ensureDirSync(nodeFiles, join(dir, 'dangling', 'sub'))).toThrow(
      expect.objectContaining({ code: 'ENOENT' }),
    );
  });
});

describe('writing a file atomically', () => {
  it('replaces the content, leaves no temporary file and keeps the file private', async () => {
    const dir = tempDir();
    const path = join(dir, 'job.json');
    await writeFileAtomic(nodeFiles, path, 'one');
    await writeFileAtomic(nodeFiles, path, Buffer.from('two ü'));
    expect(readFileSync(path, 'utf8')).toBe('two ü');
    writeFileAtomicSync(nodeFiles, path, 'three');
    expect(readFileSync(path, 'utf8')).toBe('three');
    expect(readdirSync(dir)).toEqual(['job.json']);
    if (process.platform !== 'win32') expect(statSync(path).mode & 0o777).toBe(0o600);
  });

  it('syncs the file before the rename and the folder after, when asked', async () => {
    const files = faultyFiles();
    await writeFileAtomic(files, join(tempDir(), 'job.json'), 'x', { sync: true });
    expect(files.calls.map(({ call }) => call)).toEqual([
      'openSync',
      'writeSync',
      'fsync',
      'closeSync',
      'renameSync',
      'syncDir',
    ]);
  });

  it.each(['openSync', 'writeSync', 'fsync', 'renameSync'] as const)(
    'leaves the old file alone when %s fails',
    async (bad) => {
      const dir = tempDir();
      const path = join(dir, 'job.json');
      writeFileSync(path, 'old');
      const files = faultyFiles((call) => (call === bad ? 'ENOSPC' : undefined));
      await expect(writeFileAtomic(files, path, 'new', { sync: true })).rejects.toMatchObject({ code: 'ENOSPC' });
      if (bad !== 'fsync') {
        expect(() => writeFileAtomicSync(files, path, 'new')).toThrow(expect.objectContaining({ code: 'ENOSPC' }));
      }
      expect(readFileSync(path, 'utf8')).toBe('old');
      expect(readdirSync(dir)).toEqual(['job.json']);
    },
  );

  it('replaces a symbolic link instead of writing through it', async () => {
    if (process.platform === 'win32') return;
    const dir = tempDir();
    writeFileSync(join(dir, 'outside'), 'precious');
    symlinkSync(join(dir, 'outside'), join(dir, 'job.json'));
    await writeFileAtomic(nodeFiles, join(dir, 'job.json'), 'job');
    expect(readFileSync(join(dir, 'outside'), 'utf8')).toBe('precious');
    expect(readFileSync(join(dir, 'job.json'), 'utf8')).toBe('job');
  });

  it('steps over temporary names that a dead process of the same pid left', () => {
    const dir = tempDir();
    const files = faultyFiles((call, _args, nth) => (call === 'openSync' && nth < 3 ? 'EEXIST' : undefined));
    const temporary = openTemporary(files, join(dir, 'job.json'));
    files.closeSync(temporary.fd);
    expect(files.calls.filter(({ call }) => call === 'openSync')).toHaveLength(4);
    expect(readdirSync(dir).map(isTemporary)).toEqual([true]);
  });

  it('tells temporary files from all others', () => {
    expect(isTemporary('.job.json.4711-12.tmp')).toBe(true);
    for (const name of ['job.json', '.job.json', 'job.json.tmp', '.4711-12.tmp'])
      expect(isTemporary(name), name).toBe(false);
  });
});

describe('a busy file', () => {
  it.each(['EPERM', 'EACCES', 'EBUSY'])('is tried again after %s on Windows', async (code) => {
    vi.useFakeTimers();
    const dir = tempDir();
    writeFileSync(join(dir, 'a'), 'a');
    const files = faultyFiles((_call, _args, nth) => (nth < 4 ? code : undefined), nodeFiles, 'win32');
    const renamed = renameBusy(files, join(dir, 'a'), join(dir, 'b'));
    await vi.runAllTimersAsync();
    await renamed;
    expect(readdirSync(dir)).toEqual(['b']);
    const removed = unlinkBusy(files, join(dir, 'b'));
    await vi.runAllTimersAsync();
    await removed;
    expect(readdirSync(dir)).toEqual([]);
  });

  it('is given up after about two seconds', async () => {
    vi.useFakeTimers();
    const started = Date.now();
    const files = faultyFiles(() => 'EBUSY', nodeFiles, 'win32');
    const failed = expect(renameBusy(files, 'a', 'b')).rejects.toMatchObject({ code: 'EBUSY' });
    await vi.runAllTimersAsync();
    await failed;
    expect(Date.now() - started).toBeGreaterThan(1_500);
    expect(Date.now() - started).toBeLessThan(3_000);
  });

  it('is a final error everywhere else', async () => {
    const files = faultyFiles(() => 'EACCES', nodeFiles, 'linux');
    await expect(renameBusy(files, 'a', 'b')).rejects.toMatchObject({ code: 'EACCES' });
    expect(files.calls).toHaveLength(1);
  });

  it('may be gone already when it is to be removed', async () => {
    await unlinkBusy(nodeFiles, join(tempDir(), 'gone'));
  });
});
