import { chmodSync, existsSync, mkdirSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir, userInfo } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { clearSockets, readOwnerFile, removeOwnerFile, socketPath, writeOwnerFile } from './endpoint';
import { nodeFiles } from './files';
import { faultyFiles } from './testing/faults';
import { tempDir } from './testing/temp-dir';

const OWNER = { pid: 4711, socket: '/run/owner.sock', instance: 'i', since: '2025-01-30T12:00:00.000Z' };

describe('the socket', () => {
  it('stands in the root, under another name in each term', () => {
    const root = tempDir();
    const [one, two] = [socketPath(nodeFiles, root), socketPath(nodeFiles, root)];
    expect(dirname(one)).toBe(root);
    expect(one).not.toBe(two);
  });

  it.each([
    ['letters', 'x'],
    // Two bytes each: what counts are bytes.
    ['umlauts', 'ö'],
  ])('stands below the temporary folder where the root is too long, in %s', (_name, letter) => {
    const root = tempDir();
    const bytes = Buffer.byteLength(letter);
    // `/` and `owner-<8>.sock` come on top.
    const room = 103 - Buffer.byteLength(root) - 1 - 20;
    const fits = join(root, letter.repeat(Math.floor(room / bytes)));
    const tooLong = `${fits}${'x'.repeat(bytes)}`;
    expect(dirname(socketPath(nodeFiles, fits))).toBe(fits);
    const elsewhere = socketPath(nodeFiles, tooLong);
    expect(dirname(elsewhere)).toBe(join(tmpdir(), `leviathan-${userInfo().uid}`));
    expect(Buffer.byteLength(elsewhere)).toBeLessThanOrEqual(103);
    expect(statSync(dirname(elsewhere)).mode & 0o777).toBe(0o700);
  });

  it('never stands in a folder that others may enter', () => {
    // A temporary folder of this test's own.
    const dir = tempDir();
    vi.stubEnv('TMPDIR', dir);
    onTestFinished(() => void vi.unstubAllEnvs());
    const shared = join(dir, `leviathan-${userInfo().uid}`);
    mkdirSync(shared);
    chmodSync(shared, 0o755);
    expect(() => socketPath(nodeFiles, `/${'x'.repeat(200)}`)).toThrow(/EACCES.*remove it/);
    chmodSync(shared, 0o700);
    expect(dirname(socketPath(nodeFiles, `/${'x'.repeat(200)}`))).toBe(shared);
  });

  it('is a named pipe on Windows, another one for each root', () => {
    const windows = faultyFiles(undefined, nodeFiles, 'win32');
    const pipe = /^\\\\\.\\pipe\\leviathan-([0-9a-f]{16})-[0-9a-f]{8}$/;
    const [, one] = pipe.exec(socketPath(windows, 'C:\\jobs')) ?? [];
    const [, two] = pipe.exec(socketPath(windows, 'C:\\others')) ?? [];
    expect(one).toBeDefined();
    expect(two).toBeDefined();
    expect(one).not.toBe(two);
    clearSockets(windows, socketPath(windows, 'C:\\jobs'));
    expect(windows.calls).toEqual([]);
  });

  it('is cleared of what earlier owners of the same root left, and of nothing else', () => {
    const root = tempDir();
    writeFileSync(socketPath(nodeFiles, root), '');
    writeFileSync(socketPath(nodeFiles, root), '');
    for (const name of ['owner.json', 'owner-of-this.sock', 'another-0123abcd.sock'])
      writeFileSync(join(root, name), '');
    clearSockets(nodeFiles, socketPath(nodeFiles, root));
    expect(readdirSync(root).sort()).toEqual(['another-0123abcd.sock', 'owner-of-this.sock', 'owner.json']);
  });

  it('of another root is left alone where they share a folder', () => {
    const [one, two] = [`/one/${'x'.repeat(200)}`, `/two/${'x'.repeat(200)}`];
    const [left, other] = [socketPath(nodeFiles, one), socketPath(nodeFiles, two)];
    onTestFinished(() => rmSync(other, { force: true }));
    writeFileSync(left, '');
    writeFileSync(other, '');
    clearSockets(nodeFiles, socketPath(nodeFiles, one));
    expect(existsSync(left)).toBe(false);
    expect(existsSync(other)).toBe(true);
    expect(basename(left).slice(0, 16)).not.toBe(basename(other).slice(0, 16));
  });
});

describe('owner.json', () => {
  it('says who owns the store, until that one leaves', async () => {
    const root = tempDir();
    await writeOwnerFile(nodeFiles, root, OWNER);
    expect(readOwnerFile(nodeFiles, root)).toEqual(OWNER);
    expect(statSync(join(root, 'owner.json')).mode & 0o777).toBe(0o600);
    await removeOwnerFile(nodeFiles, root);
    expect(readOwnerFile(nodeFiles, root)).toBeUndefined();
    await removeOwnerFile(nodeFiles, root);
  });

  it('is waited for while a scanner holds it on Windows', async () => {
    const root = tempDir();
    await writeOwnerFile(nodeFiles, root, OWNER);
    const files = faultyFiles(
      (call, _args, nth) => (call === 'unlinkSync' && nth < 2 ? 'EBUSY' : undefined),
      nodeFiles,
      'win32',
    );
    await removeOwnerFile(files, root);
    expect(existsSync(join(root, 'owner.json'))).toBe(false);
  });

  it.each([
    ['empty', ''],
    ['torn', '{"pid":1,'],
    ['null', 'null'],
    ['of another kind', '["owner"]'],
    ['without a socket', '{"pid":1}'],
    ['without a process', '{"socket":"/run/owner.sock"}'],
  ])('says nothing when it is %s', (_name, text) => {
    const root = tempDir();
    writeFileSync(join(root, 'owner.json'), text);
    expect(readOwnerFile(nodeFiles, root)).toBeUndefined();
  });
});
