import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { provideTestPrograms } from './test-deps.mjs';

const file = process.platform === 'win32' ? 'whale.exe' : 'whale';
const whale = { command: 'whale', package: 'whale', env: 'LEVIATHAN_WHALE' };

/** @type {string} */
let folder;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'leviathan-programs-'));
  await writeFile(join(folder, file), '');
  await chmod(join(folder, file), 0o755);
  // Whoever runs this: nothing is installed from here.
  vi.spyOn(process, 'getuid').mockReturnValue(1000);
  return () => rm(folder, { recursive: true, force: true });
});

afterEach(() => {
  vi.unstubAllEnvs();
  vi.restoreAllMocks();
});

describe('a program that tests need', () => {
  it('is found on the PATH and handed on', async () => {
    vi.stubEnv('PATH', ['/nowhere', folder].join(delimiter));
    expect(await provideTestPrograms([whale])).toEqual({ env: { LEVIATHAN_WHALE: join(folder, file) }, missing: [] });
  });

  it('is found where it stands off the PATH', async () => {
    vi.stubEnv('PATH', '/nowhere');
    const path = join(folder, file);
    expect(await provideTestPrograms([{ ...whale, path }])).toEqual({ env: { LEVIATHAN_WHALE: path }, missing: [] });
  });

  it('is the one that the environment names', async () => {
    vi.stubEnv('LEVIATHAN_WHALE', process.execPath);
    expect(await provideTestPrograms([whale])).toEqual({ env: { LEVIATHAN_WHALE: process.execPath }, missing: [] });
  });

  it('is named, with the reason, where it is missing', async () => {
    const { env, missing } = await provideTestPrograms([whale]);
    expect(env).toEqual({});
    expect(missing).toEqual([
      expect.stringMatching(/^whale is not installed: (installing it needs root|only on Debian)/),
    ]);
  });

  it('is named where the environment misplaces it', async () => {
    vi.stubEnv('LEVIATHAN_WHALE', join(folder, 'gone'));
    expect((await provideTestPrograms([whale])).missing).toEqual([
      expect.stringContaining('LEVIATHAN_WHALE names no file'),
    ]);
  });
});
