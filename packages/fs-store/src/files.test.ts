import { existsSync, mkdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { errorCode, isDirSyncUnsupported, nodeFiles } from './files';
import { systemError } from './testing/faults';
import { tempDir } from './testing/temp-dir';

const text = (value: string) => Buffer.from(value);

describe('the real file system', () => {
  it('creates files for the owner alone, and only where nothing stands', () => {
    const path = join(tempDir(), 'file');
    const fd = nodeFiles.openSync(path, 'create');
    nodeFiles.closeSync(fd);
    if (process.platform !== 'win32') expect(statSync(path).mode & 0o777).toBe(0o600);
    expect(() => nodeFiles.openSync(path, 'create')).toThrow(expect.objectContaining({ code: 'EEXIST' }));
  });

  it('makes folders for the owner alone', () => {
    const path = join(tempDir(), 'folder');
    nodeFiles.mkdirSync(path);
    if (process.platform !== 'win32') expect(statSync(path).mode & 0o777).toBe(0o700);
  });

  it('appends, wherever the file was cut meanwhile', async () => {
    const path = join(tempDir(), 'file');
    const fd = nodeFiles.openSync(path, 'create');
    nodeFiles.writeSync(fd, text('abcdef'), 0, 6);
    nodeFiles.ftruncateSync(fd, 3);
    await nodeFiles.write(fd, text('-x-'), 1, 1);
    nodeFiles.closeSync(fd);
    expect(readFileSync(path, 'utf8')).toBe('abcx');
  });

  it('reads at a position, and says 0 at the end', async () => {
    const path = join(tempDir(), 'file');
    writeFileSync(path, 'abcdef');
    const fd = nodeFiles.openSync(path, 'read');
    const into = Buffer.alloc(4);
    expect(nodeFiles.readSync(fd, into, 0, 2, 4)).toBe(2);
    expect(await nodeFiles.read(fd, into, 2, 2, 0)).toBe(2);
    expect(into.toString()).toBe('efab');
    expect(await nodeFiles.read(fd, into, 0, 4, 6)).toBe(0);
    nodeFiles.closeSync(fd);
  });

  it.skipIf(process.platform === 'win32')('opens nothing through a symbolic link', () => {
    const dir = tempDir();
    const outside = join(dir, 'outside');
    writeFileSync(outside, 'precious');
    symlinkSync(outside, join(dir, 'link'));
    for (const mode of ['read', 'append', 'lock', 'create'] as const) {
      expect(() => nodeFiles.openSync(join(dir, 'link'), mode), mode).toThrow(/ELOOP|EMLINK|EEXIST/);
    }
    symlinkSync(join(dir, 'nowhere'), join(dir, 'dangling'));
    expect(() => nodeFiles.openSync(join(dir, 'dangling'), 'lock')).toThrow(/ELOOP|EMLINK/);
    expect(existsSync(join(dir, 'nowhere'))).toBe(false);
  });

  it('syncs files and folders', async () => {
    const dir = tempDir();
    const fd = nodeFiles.openSync(join(dir, 'file'), 'create');
    await nodeFiles.fdatasync(fd);
    await nodeFiles.fsync(fd);
    nodeFiles.closeSync(fd);
    await nodeFiles.syncDir(dir);
    await expect(nodeFiles.syncDir(join(dir, 'missing'))).rejects.toMatchObject({ code: 'ENOENT' });
  });

  it('keeps the codes of errors in asynchronous calls', async () => {
    await expect(nodeFiles.fdatasync(999_999)).rejects.toMatchObject({ code: 'EBADF' });
    await expect(nodeFiles.write(999_999, text('a'), 0, 1)).rejects.toMatchObject({ code: 'EBADF' });
  });

  it('sets the time of a file in milliseconds', () => {
    const path = join(tempDir(), 'file');
    writeFileSync(path, '');
    nodeFiles.utimesSync(path, 1_700_000_000_500);
    expect(Math.round(nodeFiles.statSync(path).mtimeMs)).toBe(1_700_000_000_500);
  });

  it('lists folders with the kind of each entry', () => {
    const dir = tempDir();
    mkdirSync(join(dir, 'a'));
    writeFileSync(join(dir, 'b'), '');
    const kinds = nodeFiles.readdirSync(dir).map((entry) => [entry.name, entry.isDirectory()]);
    expect(kinds.sort()).toEqual([
      ['a', true],
      ['b', false],
    ]);
  });
});

describe('a folder sync that is not supported', () => {
  it.each(['EPERM', 'EISDIR', 'EACCES'])('is %s on Windows and nowhere else', (code) => {
    expect(isDirSyncUnsupported(systemError(code, 'fsync'), 'win32')).toBe(true);
    expect(isDirSyncUnsupported(systemError(code, 'fsync'), 'linux')).toBe(false);
  });

  it('is not an I/O error, on Windows neither', () => {
    expect(isDirSyncUnsupported(systemError('EIO', 'fsync'), 'win32')).toBe(false);
  });
});

describe('errorCode', () => {
  it('is the errno name, or undefined for what is no system error', () => {
    expect(errorCode(systemError('ENOSPC', 'write'))).toBe('ENOSPC');
    expect(errorCode(new Error('other'))).toBeUndefined();
    expect(errorCode('EIO')).toBeUndefined();
  });
});
