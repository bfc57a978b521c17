import { CycleError } from '@leviathan/core';
import { describe, expect, it } from 'vitest';
import { batches, withNewIds } from './import-order';
import type { Definition } from './parse/job-options';

const job = (id: string, ...dependsOn: string[]): Definition => ({ type: 'x', data: {}, options: { id, dependsOn } });
const ids = (definitions: Definition[][]): (string | undefined)[][] =>
  definitions.map((batch) => batch.map(({ options }) => options.id));

describe('batches', () => {
  it('keeps the order where nothing speaks against it', () => {
    expect(ids(batches([job('a'), job('b'), job('c')], 2))).toEqual([['a', 'b'], ['c']]);
  });

  it('puts a job behind those it depends on', () => {
    expect(ids(batches([job('c', 'b', 'a'), job('b', 'a'), job('a'), job('d')]))).toEqual([['a', 'b', 'c', 'd']]);
  });

  it('finds a cycle before anything is added, and names it', () => {
    expect(() => batches([job('a', 'b'), job('b', 'c'), job('c', 'b')])).toThrow(CycleError);
    expect(() => batches([job('a', 'b'), job('b', 'c'), job('c', 'b')])).toThrow(/b -> c -> b/);
  });

  it('copes with a chain that is longer than the call stack', () => {
    const chain = Array.from({ length: 50_000 }, (_, i) => job(`j${i}`, ...(i < 49_999 ? [`j${i + 1}`] : [])));
    const ordered = batches(chain).flat();
    expect(ordered[0]?.options.id).toBe('j49999');
    expect(ordered).toHaveLength(50_000);
  });
});

describe('withNewIds', () => {
  it('leaves a parent that is not in the file as it is', async () => {
    const [only] = await withNewIds([job('a', 'elsewhere')]);
    expect(only?.options.dependsOn).toEqual(['elsewhere']);
    expect(only?.options.id).not.toBe('a');
  });

  it('refuses two jobs of one id', async () => {
    await expect(withNewIds([job('a'), job('a')])).rejects.toThrow(/Two jobs have the id "a"/);
  });
});
