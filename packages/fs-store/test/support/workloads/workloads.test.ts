import { mkdirSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { FakeClock } from '@leviathan/core/testing';
import { describe, expect, it } from 'vitest';
import { doctor } from '../../../src/doctor';
import type { FsStoreOptions } from '../../../src/options';
import { eventually } from '../../../src/testing/eventually';
import { tempDir } from '../../../src/testing/temp-dir';
import type { OutsideHands, Site, World } from '../world';
import { runWorkload, WORKLOADS } from './index';

const realHands: OutsideHands = {
  write(path, content) {
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, content);
  },
  rename: (from, to) => renameSync(from, to),
  remove: (path) => rmSync(path, { force: true }),
  list: (path) => readdirSync(path),
};

function realSite(durability: NonNullable<FsStoreOptions['durability']>): Site {
  return {
    root: join(tempDir(), 'jobs'),
    clock: new FakeClock(),
    options: { durability },
    outside: realHands,
    until: (isSo) => eventually('it is so', isSo),
  };
}

/** What is refused although nothing goes wrong: by number and code. */
function refusals({ ledger }: World): string[] {
  return ledger.entries.flatMap(({ call, state, error }) =>
    state === 'refused' ? [`${call}: ${(error as { code?: string }).code}`] : [],
  );
}

const EXPECTED: Record<string, string[]> = { add: ['add: DUPLICATE'] };

/** What the doctor has to say although all is well: what cannot be a job was put aside, and of pending jobs only so many have files. */
const REMARKS: Record<string, string[]> = { inbox: ['QUARANTINE'], bulk: ['MISSING_FILE'] };

describe.each(['power', 'process'] as const)('on a real disk at %s', (durability) => {
  it.each(WORKLOADS.map((workload) => [workload.name, workload] as const))(
    'the workload %s is refused nothing, and leaves a store in order',
    async (name, workload) => {
      const site = realSite(durability);
      const world = await runWorkload(workload, site);
      expect(world.open).toEqual([]);
      expect(refusals(world)).toEqual(EXPECTED[name] ?? []);
      expect(world.ledger.entries.filter(({ call, state }) => state === 'asked' && !/^hand:|^drop/.test(call))).toEqual(
        [],
      );
      const { findings } = await doctor({ root: site.root });
      expect(findings.filter(({ code }) => !REMARKS[name]?.includes(code))).toEqual([]);
    },
  );
});
