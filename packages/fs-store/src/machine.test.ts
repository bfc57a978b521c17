import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { machineProbe } from './machine';
import { tempDir } from './testing/temp-dir';

/** A folder of power supplies as the kernel shows them. */
function supplies(all: Record<string, Record<string, string>>): string {
  const root = tempDir();
  for (const [name, files] of Object.entries(all)) {
    mkdirSync(join(root, name));
    for (const [file, text] of Object.entries(files)) writeFileSync(join(root, name, file), `${text}\n`);
  }
  return root;
}

const onBattery = (root: string) => machineProbe(tempDir(), root).read().onBattery;

describe('the probe of this machine', () => {
  it('tells load, free memory and free disk as numbers', () => {
    const { load, freeMemory, freeDisk } = machineProbe(tempDir()).read();
    for (const value of [load, freeMemory, freeDisk]) expect(value).toBeGreaterThanOrEqual(0);
    expect(freeMemory).toBeGreaterThan(1);
    expect(freeDisk).toBeGreaterThan(1);
  });

  it('tells nothing of a disk that cannot be asked', () => {
    expect(machineProbe(join(tempDir(), 'gone')).read().freeDisk).toBeUndefined();
  });

  it.each([
    ['a desktop without a battery', {}, false],
    [
      'a laptop on its adapter',
      { AC: { type: 'Mains', online: '1' }, BAT0: { type: 'Battery', status: 'Charging' } },
      false,
    ],
    [
      'a full laptop on its adapter',
      { AC: { type: 'Mains', online: '1' }, BAT0: { type: 'Battery', status: 'Full' } },
      false,
    ],
    [
      'a laptop without it',
      { AC: { type: 'Mains', online: '0' }, BAT0: { type: 'Battery', status: 'Discharging' } },
      true,
    ],
    ['a desktop with a wireless mouse', { hid: { type: 'Battery', status: 'Discharging', scope: 'Device' } }, false],
  ])('knows %s', (_, all, expected) => {
    expect(onBattery(supplies(all as Record<string, Record<string, string>>))).toBe(expected);
  });

  it('says nothing where there is no such folder', () => {
    expect(onBattery(join(tempDir(), 'none'))).toBeUndefined();
  });
});
