import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Entry } from './entry';
import { FinishedList } from './finished-list';

const entryOf = (seq: number): Entry => {
  const id = `job-${seq}`;
  return new Entry(id, 'test', seq, 0, { id, type: 'test', priority: 5, maxAttempts: 1, maxCrashes: 1 });
};

describe('FinishedList', () => {
  it('keeps the order through any adds and removals, and knows how many come later', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: -200, max: 100 }), { maxLength: 600 }), (steps) => {
        const list = new FinishedList();
        const model: Entry[] = [];
        for (const [i, step] of steps.entries()) {
          const victim = step < 0 ? model[-step % (model.length || 1)] : undefined;
          if (victim) {
            list.delete(victim);
            list.delete(victim);
            model.splice(model.indexOf(victim), 1);
            expect(list.has(victim)).toBe(false);
          } else {
            const entry = entryOf(i);
            list.add(entry);
            model.push(entry);
          }
          expect(list.size).toBe(model.length);
        }
        expect([...list]).toEqual(model);
        model.forEach((entry, i) => {
          expect(list.has(entry)).toBe(true);
          expect(list.after(entry)).toBeGreaterThanOrEqual(model.length - 1 - i);
        });
      }),
    );
  });

  it('takes an entry in again, behind all others', () => {
    const [a, b] = [entryOf(1), entryOf(2)];
    const list = new FinishedList([a, b]);
    list.delete(a);
    list.add(a);
    expect([...list]).toEqual([b, a]);
    expect([list.after(b), list.after(a)]).toEqual([1, 0]);
  });

  it('does not grow with what has left it', () => {
    const list = new FinishedList();
    const entries = Array.from({ length: 10_000 }, (_, i) => entryOf(i));
    for (const [i, entry] of entries.entries()) {
      list.add(entry);
      if (i >= 100) list.delete(entries[i - 100] as Entry);
    }
    expect(list.size).toBe(100);
    expect((list as unknown as { items: unknown[] }).items.length).toBeLessThan(300);
  });
});
