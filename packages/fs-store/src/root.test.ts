import { homedir } from 'node:os';
import { join, resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { fsStore } from './fs-store';
import { defaultRoot } from './root';
import { tempDir } from './testing/temp-dir';

describe('the root when nobody names one', () => {
  it('is .leviathan/jobs in the home folder', () => {
    expect(defaultRoot({})).toBe(join(homedir(), '.leviathan', 'jobs'));
  });

  it('is below LEVIATHAN_HOME where that is set', () => {
    const home = tempDir();
    expect(defaultRoot({ LEVIATHAN_HOME: home })).toBe(join(home, 'jobs'));
  });

  it('does not take an empty LEVIATHAN_HOME for the current folder', () => {
    expect(defaultRoot({ LEVIATHAN_HOME: '' })).toBe(defaultRoot({}));
  });

  it('is absolute: a program that changes its folder keeps its jobs', () => {
    expect(defaultRoot({ LEVIATHAN_HOME: 'here' })).toBe(join(resolve('here'), 'jobs'));
  });

  it('is that of a store without options, which opens nothing before its first use', async () => {
    const store = fsStore();
    expect(store.root).toBe(defaultRoot());
    await store.close();
  });
});
