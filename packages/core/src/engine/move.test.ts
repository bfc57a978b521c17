import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { MoveTarget } from '../store';
import { compareQueueOrder, type Entry } from './entry';
import { JobTable } from './job-table';
import { decideMove } from './move';

function tableOf(count: number, priorityOf: (i: number) => number = () => 5): { table: JobTable; entries: Entry[] } {
  const table = new JobTable();
  for (let i = 0; i < count; i++) {
    const job = { id: `j${i}`, type: 'test', priority: priorityOf(i), maxAttempts: 1, maxCrashes: 1 };
    table.apply({ seq: i + 1, at: 0, op: 'add', job, body: 'null' });
  }
  return { table, entries: [...table.entries.values()] };
}

function move(table: JobTable, moved: Entry[], target: MoveTarget, anchor?: Entry): number {
  const patches = decideMove(table, moved, target, anchor);
  for (const [entry, patch] of patches) {
    table.apply({ seq: table.seq + 1, at: 0, op: 'edit', id: entry.id, patch, body: '' });
  }
  return patches.size;
}

const order = (table: JobTable): string[] =>
  [...table.entries.values()].sort(compareQueueOrder).map((entry) => entry.id);

describe('decideMove', () => {
  it('does to the order what taking the jobs out and putting them back in does to a list', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 12 }),
        fc.array(
          fc.record({
            moved: fc.uniqueArray(fc.integer({ min: 0, max: 11 }), { minLength: 1, maxLength: 5 }),
            where: fc.constantFrom('top', 'bottom', 'before', 'after'),
            anchor: fc.integer({ min: 0, max: 11 }),
          }),
          { maxLength: 60 },
        ),
        (count, steps) => {
          const { table, entries } = tableOf(count);
          let model = entries.map((entry) => entry.id);
          for (const { moved, where, anchor } of steps) {
            const anchorEntry = entries[anchor % count] as Entry;
            const beside = where === 'before' || where === 'after';
            const set = new Set(
              moved.map((i) => entries[i % count] as Entry).filter((entry) => !beside || entry !== anchorEntry),
            );
            const ids = model.filter((id) => [...set].some((entry) => entry.id === id));
            const rest = model.filter((id) => !ids.includes(id));
            const at =
              where === 'top'
                ? 0
                : where === 'bottom'
                  ? rest.length
                  : rest.indexOf(anchorEntry.id) + (where === 'after' ? 1 : 0);
            model = [...rest.slice(0, at), ...ids, ...rest.slice(at)];
            if (where === 'before') move(table, [...set], { before: anchorEntry.id }, anchorEntry);
            else if (where === 'after') move(table, [...set], { after: anchorEntry.id }, anchorEntry);
            else move(table, [...set], { to: where });
            expect(order(table)).toEqual(model);
          }
        },
      ),
    );
  });

  it('makes room among a few neighbours when floating point has none left between two jobs', () => {
    const { table, entries } = tableOf(1_000);
    const [first, second] = entries as [Entry, Entry];
    let most = 0;
    for (let i = 0; i < 500; i++) {
      const next = entries[2 + (i % 2)] as Entry;
      most = Math.max(most, move(table, [next], { after: first.id }, first));
      expect(order(table)[1]).toBe(next.id);
    }
    expect(order(table).slice(4)).toEqual(entries.slice(4).map((entry) => entry.id));
    expect(order(table)[3]).toBe(second.id);
    expect(most).toBeLessThan(20);
  });

  it('takes over the priority of the job beside it', () => {
    const { table, entries } = tableOf(4, (i) => (i < 2 ? 2 : 8));
    const [a, , c] = entries as [Entry, Entry, Entry];
    move(table, [c], { before: a.id }, a);
    expect(c.priority).toBe(2);
    expect(order(table)).toEqual(['j2', 'j0', 'j1', 'j3']);
  });

  it('leaves jobs alone that stand right already', () => {
    const { table, entries } = tableOf(3);
    expect(decideMove(table, [entries[0] as Entry], { to: 'top' }, undefined).size).toBe(0);
    expect(decideMove(table, [entries[2] as Entry], { to: 'bottom' }, undefined).size).toBe(0);
  });

  it('keeps a job at the bottom below those that are added later', () => {
    const { table, entries } = tableOf(3);
    move(table, [entries[0] as Entry], { to: 'bottom' });
    const seq = table.seq + 1;
    table.apply({
      seq,
      at: 0,
      op: 'add',
      job: { id: 'new', type: 'test', priority: 5, maxAttempts: 1, maxCrashes: 1 },
      body: 'null',
    });
    expect(order(table)).toEqual(['j1', 'j2', 'j0', 'new']);
  });
});
