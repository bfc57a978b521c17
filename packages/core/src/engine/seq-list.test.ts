import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Entry } from './entry';
import { SeqList } from './seq-list';

const entryOf = (seq: number): Entry =>
  new Entry(`job-${seq}`, 'test', seq, 0, {
    id: `job-${seq}`,
    type: 'test',
    priority: 5,
    maxAttempts: 1,
    maxCrashes: 1,
  });

const seqsOf = (entries: Iterable<Entry>): number[] => [...entries].map((entry) => entry.seq);

describe('SeqList', () => {
  it('keeps creation order through any adds and removals, in both directions and from any position', () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.boolean(), fc.integer({ min: 1, max: 300 })), { maxLength: 600 }),
        fc.integer({ min: 0, max: 301 }),
        (steps, from) => {
          const list = new SeqList();
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
        },
      ),
    );
  });

  it('goes on where it was while entries are removed under the iterator', () => {
    const list = new SeqList();
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

  it('ignores the removal of an entry that it does not hold', () => {
    const list = new SeqList();
    list.add(entryOf(1));
    list.remove(entryOf(1));
    expect(list.size).toBe(1);
  });
});
