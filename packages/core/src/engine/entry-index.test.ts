import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Entry } from './entry';
import { EntryIndex } from './entry-index';

const entryOf = (seq: number): Entry =>
  new Entry(`job-${seq}`, 'test', seq, 0, {
    id: `job-${seq}`,
    type: 'test',
    priority: 5,
    maxAttempts: 1,
    maxCrashes: 1,
  });

const seqsOf = (entries: Iterable<Entry>): number[] => [...entries].map((entry) => entry.seq);

describe('EntryIndex', () => {
  it('keeps creation order through any adds and removals, in both directions and from any position', () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.boolean(), fc.integer({ min: 1, max: 300 })), { maxLength: 600 }),
        fc.integer({ min: 0, max: 301 }),
        (steps, from) => {
          const list = new EntryIndex();
          const model = new Map<number, Entry>();
          for (const [add, seq] of steps) {
            const present = model.get(seq);
            if (add && !present) {
              const entry = entryOf(seq);
              model.set(seq, entry);
              list.add(entry);
            } else if (!add && present) {
              model.delete(seq);
              list.remove(present);
            }
          }
          const sorted = [...model.keys()].sort((a, b) => a - b);
          expect(list.size).toBe(sorted.length);
          expect(seqsOf(list.ascending())).toEqual(sorted);
          expect(seqsOf(list.descending())).toEqual([...sorted].reverse());
          expect(seqsOf(list.ascending(from))).toEqual(sorted.filter((seq) => seq > from));
          expect(seqsOf(list.descending(from))).toEqual(sorted.filter((seq) => seq < from).reverse());
          for (let seq = 1; seq <= 300; seq++) expect(list.get(`job-${seq}`)).toBe(model.get(seq));
          expect([...list.keys()]).toEqual(sorted.map((seq) => `job-${seq}`));
        },
      ),
    );
  });

  it('goes on where it was while entries are removed under the iterator', () => {
    const list = new EntryIndex();
    const entries = Array.from({ length: 1_000 }, (_, i) => entryOf(i + 1));
    for (const entry of entries) list.add(entry);
    const seen: number[] = [];
    for (const entry of list.ascending()) {
      seen.push(entry.seq);
      // Enough to squeeze the list several times on the way.
      if (entry.seq % 3 !== 0) list.remove(entry);
    }
    expect(seen).toEqual(entries.map((entry) => entry.seq));
    const back: number[] = [];
    for (const entry of list.descending()) {
      back.push(entry.seq);
      list.remove(entry);
    }
    expect(back).toEqual(seen.filter((seq) => seq % 3 === 0).reverse());
    expect(list.size).toBe(0);
  });

  it('finds each of many, and none that is not there, while they come and go', () => {
    const list = new EntryIndex();
    const entries = Array.from({ length: 50_000 }, (_, i) => entryOf(i));
    for (const [i, entry] of entries.entries()) {
      list.add(entry);
      if (i % 3 !== 0) list.remove(entries[Math.floor(i / 2)] as Entry);
    }
    const left = new Set(list.ascending());
    expect(left.size).toBe(list.size);
    for (const entry of entries) expect(list.get(entry.id)).toBe(left.has(entry) ? entry : undefined);
    expect([list.has('job-50000'), list.has(''), list.has('job-')]).toEqual([false, false, false]);
  });

  it('gives an id that was removed to another entry', () => {
    const list = new EntryIndex();
    const again = new Entry('job-1', 'test', 7, 0, {
      id: 'job-1',
      type: 'a',
      priority: 1,
      maxAttempts: 1,
      maxCrashes: 1,
    });
    const first = entryOf(1);
    list.add(first);
    list.remove(first);
    list.add(again);
    expect(list.get('job-1')).toBe(again);
  });

  it('ignores the removal of an entry that it does not hold', () => {
    const list = new EntryIndex();
    list.add(entryOf(1));
    list.remove(entryOf(1));
    expect(list.size).toBe(1);
  });
});
