import {
  chmodSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { FakeClock } from '@leviathan/core/testing';
import { describe, expect, it } from 'vitest';
import type { Files } from './files';
import { nodeFiles } from './files';
import { Layout } from './layout';
import { Quarantine } from './quarantine';
import { type FaultyFiles, faultyFiles } from './testing/faults';
import { tempDir } from './testing/temp-dir';

const REASON = { code: 'TORN', message: 'The file is not JSON.', details: { line: 1 } };

function setUp(files: Files = nodeFiles) {
  const layout = new Layout(tempDir());
  layout.ensure(nodeFiles);
  const quarantine = new Quarantine(layout, files, new FakeClock(Date.parse('2025-01-30T12:00:00Z')));
  const file = join(layout.root, 'pending', 'x.json');
  writeFileSync(file, '{"half":');
  return { layout, quarantine, file };
}

function failing(call: string, code: string, nth = 0): FaultyFiles {
  return faultyFiles((name, _args, n) => (name === call && n === nth ? code : undefined));
}

describe('quarantine', () => {
  it('keeps for its user alone what others could read before', ({ skip }) => {
    skip(process.platform === 'win32', 'Windows has no such modes');
    const { quarantine, file } = setUp();
    chmodSync(file, 0o644);
    expect(statSync(quarantine.put(file, REASON)).mode & 0o777).toBe(0o600);
  });

  it('takes a file with its reason beside it', () => {
    const { layout, quarantine, file } = setUp();
    const target = quarantine.put(file, REASON);
    expect(target).toBe(join(layout.quarantine, '2025-01-30T12-00-00.000Z-x.json'));
    expect(readFileSync(target, 'utf8')).toBe('{"half":');
    expect(JSON.parse(readFileSync(`${target}.reason.json`, 'utf8'))).toEqual({
      at: '2025-01-30T12:00:00.000Z',
      from: join('pending', 'x.json'),
      ...REASON,
    });
    if (process.platform !== 'win32') expect(statSync(`${target}.reason.json`).mode & 0o777).toBe(0o600);
    expect(existsSync(file)).toBe(false);
  });

  it('never overwrites what is there', () => {
    const { layout, quarantine, file } = setUp();
    quarantine.put(file, REASON);
    writeFileSync(file, 'again');
    quarantine.put(file, REASON);
    writeFileSync(join(layout.quarantine, '2025-01-30T12-00-00.000Z-x.json.3'), 'of somebody else');
    writeFileSync(file, 'and again');
    quarantine.put(file, REASON);
    expect(readdirSync(layout.quarantine).sort()).toEqual(
      [
        '2025-01-30T12-00-00.000Z-x.json',
        '2025-01-30T12-00-00.000Z-x.json.2',
        '2025-01-30T12-00-00.000Z-x.json.2.reason.json',
        '2025-01-30T12-00-00.000Z-x.json.3',
        '2025-01-30T12-00-00.000Z-x.json.4',
        '2025-01-30T12-00-00.000Z-x.json.4.reason.json',
        '2025-01-30T12-00-00.000Z-x.json.reason.json',
      ].sort(),
    );
    expect(readFileSync(join(layout.quarantine, '2025-01-30T12-00-00.000Z-x.json'), 'utf8')).toBe('{"half":');
  });

  it('makes any name safe and tells the true one', () => {
    const { layout, quarantine } = setUp();
    const name = `x (conflicted copy) ünïcode ${'a'.repeat(180)}.json`;
    writeFileSync(join(layout.root, 'pending', name), '');
    const target = quarantine.put(join(layout.root, 'pending', name), REASON);
    expect(target.slice(layout.quarantine.length + 1)).toMatch(/^[A-Za-z0-9._-]{1,160}\.json$/);
    expect(JSON.parse(readFileSync(`${target}.reason.json`, 'utf8')).from).toBe(join('pending', name));
  });

  it('leaves a note where there is no file to keep', () => {
    const { layout, quarantine, file } = setUp();
    const note = quarantine.note(file, REASON);
    expect(readdirSync(layout.quarantine)).toEqual(['2025-01-30T12-00-00.000Z-x.json.reason.json']);
    expect(JSON.parse(readFileSync(note, 'utf8'))).toMatchObject(REASON);
    expect(existsSync(file)).toBe(true);
  });

  it('takes folders too', () => {
    const { layout, quarantine } = setUp();
    const folder = join(layout.root, 'pending', 'folder.json');
    mkdirSync(folder);
    writeFileSync(join(folder, 'inner'), 'kept');
    expect(readFileSync(join(quarantine.put(folder, REASON), 'inner'), 'utf8')).toBe('kept');
  });

  it.skipIf(process.platform === 'win32')('takes a link itself, not what it points to', () => {
    const { layout, quarantine } = setUp();
    const outside = join(tempDir(), 'outside');
    writeFileSync(outside, 'precious');
    const link = join(layout.root, 'pending', 'link.json');
    symlinkSync(outside, link);
    expect(lstatSync(quarantine.put(link, REASON)).isSymbolicLink()).toBe(true);
    expect(readFileSync(outside, 'utf8')).toBe('precious');
  });

  it('copies where the folders are on different mounts', () => {
    const { layout, quarantine, file } = setUp(failing('renameSync', 'EXDEV'));
    const big = 'x'.repeat(200_000);
    writeFileSync(file, big);
    expect(readFileSync(quarantine.put(file, REASON), 'utf8')).toBe(big);
    expect(existsSync(file)).toBe(false);
    expect(readdirSync(layout.quarantine)).toHaveLength(2);
  });

  it.each([
    ['the reason cannot be created', 'openSync', 'EACCES', 0],
    ['the reason cannot be written', 'writeSync', 'ENOSPC', 0],
    ['the file cannot be moved', 'renameSync', 'EACCES', 0],
  ])('leaves everything as it was when %s', (_, call, code, nth) => {
    const { layout, quarantine, file } = setUp(failing(call, code, nth));
    expect(() => quarantine.put(file, REASON)).toThrow(expect.objectContaining({ code }));
    expect(readFileSync(file, 'utf8')).toBe('{"half":');
    expect(readdirSync(layout.quarantine)).toEqual([]);
  });

  it('leaves everything as it was when the copy to another mount fails', () => {
    const { layout, quarantine, file } = setUp(
      faultyFiles((name, _args, n) =>
        name === 'renameSync' ? 'EXDEV' : name === 'writeSync' && n === 1 ? 'ENOSPC' : undefined,
      ),
    );
    expect(() => quarantine.put(file, REASON)).toThrow(expect.objectContaining({ code: 'ENOSPC' }));
    expect(readFileSync(file, 'utf8')).toBe('{"half":');
    expect(readdirSync(layout.quarantine)).toEqual([]);
  });
});
