import { existsSync, statSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { nodeFiles } from './files';
import { kindOfName, Layout } from './layout';
import { tempDir } from './testing/temp-dir';

describe('the folders of a store', () => {
  it('are made for the owner alone, and making them again is harmless', () => {
    const layout = new Layout(join(tempDir(), 'with spaces', 'ünïcode 🐋'));
    layout.ensure(nodeFiles);
    layout.ensure(nodeFiles);
    for (const name of ['pending', 'active', 'completed', 'failed', 'inbox', 'journal', 'archive', 'quarantine']) {
      const stat = statSync(join(layout.root, name));
      expect(stat.isDirectory(), name).toBe(true);
      if (process.platform !== 'win32') expect(stat.mode & 0o777, name).toBe(0o700);
    }
  });

  it.skipIf(process.platform === 'win32')('are not made through a link that somebody planted', () => {
    const root = tempDir();
    const elsewhere = tempDir();
    symlinkSync(elsewhere, join(root, 'pending'));
    expect(() => new Layout(root).ensure(nodeFiles)).toThrow(expect.objectContaining({ code: 'ENOTDIR' }));
    expect(existsSync(join(elsewhere, 'active'))).toBe(false);
  });

  it('say where a job stands', () => {
    const layout = new Layout(join('some', 'root'));
    expect(layout.jobFile('active', 'job-1')).toBe(join('some', 'root', 'active', 'job-1.json'));
    expect(layout.folder('failed')).toBe(join('some', 'root', 'failed'));
  });
});

describe('a name in a job folder', () => {
  it.each(['a.json', 'job_2025-01-30_0194b6e8-7c1a-7000-8000-000000000000.json', 'a.b-c_d.json', 'x.json.json'])(
    '%s is a job',
    (name) => {
      expect(kindOfName(name)).toEqual({ kind: 'job', id: name.slice(0, -5) });
    },
  );

  it('is a temporary file of the process that its name tells', () => {
    expect(kindOfName('.a.json.4711-3.tmp')).toEqual({ kind: 'temporary', pid: 4711 });
  });

  it.each(['.a.json.swp', '.DS_Store', 'a.json~', 'a.json.swp', '4.tmp', '#a.json#', '.#a.json', 'a.json.part'])(
    '%s is a working file of some other program',
    (name) => {
      expect(kindOfName(name).kind).toBe('ignored');
    },
  );

  it.each([
    'A.json',
    'x (conflicted copy 2025-01-30).json',
    'x.sync-conflict-20250130-120000-ABCDEFG.json',
    'con.json',
    'nul.tar.json',
    'a..json',
    'note.txt',
    'README',
    'ä.json',
    '-a.json',
    `${'a'.repeat(129)}.json`,
    'a\nb.json',
  ])('%j is neither', (name) => {
    expect(kindOfName(name)).toMatchObject({ kind: 'odd', message: expect.stringMatching(/job/) });
  });
});
