import { copyFileSync, readFileSync, statSync, truncateSync } from 'node:fs';
import { join } from 'node:path';
import type { Job } from '@leviathan/core';
import { dataOf } from '@leviathan/core/engine';
import { describe, expect, it } from 'vitest';
import { segmentName } from './segment';
import { openHost, stateOf } from './testing/journal-host';
import { tempDir } from './testing/temp-dir';

const SEGMENT = segmentName(1);
/** Every so many bytes the journal is cut: often enough for each line to be cut in several places. */
const STEP = 13;

/** As another store may have shown it. */
function foreign(id: string, more: Partial<Job> = {}): Job {
  const at = '2025-01-30T12:00:00.000Z';
  return {
    ...{ id, type: 'a', status: 'pending', priority: 5, created: at, updated: at, data: 'new' },
    metadata: { retries: 0, progress: 0, logs: [], errors: [] },
    ...{ rev: 1, attempt: 0, maxAttempts: 3, maxCrashes: 3 },
    ...more,
  };
}

describe('a job that replaces another one', () => {
  it('is the old one or the new one wherever the journal ends, and is waited for either way', async () => {
    const dir = tempDir();
    const host = await openHost(dir);
    await host.store.add([
      { id: 'parent', type: 'a', data: 'old', key: 'k' },
      { id: 'child', type: 'a', data: null, dependsOn: ['parent'], onParentFailed: 'continue' },
    ]);
    const before = statSync(join(dir, SEGMENT)).size;
    await host.store.restore([foreign('parent'), foreign('other', { key: 'k' })], { replace: true });
    const live = stateOf(host);
    await host.kill();
    const { size } = statSync(join(dir, SEGMENT));

    const seen = new Set<string>();
    const ends = Array.from({ length: Math.floor((size - before) / STEP) }, (_, i) => before + i * STEP);
    for (const end of [...ends, size - 1, size]) {
      const copy = tempDir();
      copyFileSync(join(dir, SEGMENT), join(copy, SEGMENT));
      truncateSync(join(copy, SEGMENT), end);
      const { table, bodies, kill } = await openHost(copy);
      const parent = table.entries.get('parent');
      const data = parent && dataOf(parent, bodies);
      seen.add(`${data} ${table.keys.get('k')?.id}`);
      expect(table.entries.get('child')).toMatchObject({
        place: 'blocked',
        extra: { waitingFor: new Set(['parent']) },
      });
      await kill();
    }
    expect([...seen]).toEqual(['"old" parent', '"new" other']);

    const again = await openHost(dir);
    expect(stateOf(again)).toEqual(live);
    await again.kill();
    expect(readFileSync(join(dir, SEGMENT), 'utf8')).toContain('"why":"replaced"');
  });
});
