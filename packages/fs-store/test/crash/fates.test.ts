import { describe, expect, it } from 'vitest';
import { randomFrom } from '../../src/testing/random';
import { Content } from './disk';
import { allFates, drawFate, type fatesOfFile, fateText, parseFate } from './fates';
import type { PowerPoint } from './timeline';

const content = (text: string) => new Content(Buffer.from(text));

const point: PowerPoint = {
  at: 9,
  looseNames: [1, 2, 3].map((index) => ({ index, op: { op: 'unlink', dir: 1, name: `n${index}`, ino: index } })),
  looseFiles: [
    { ino: 7, versions: [content(''), content('a'.repeat(2_000)), content('a'.repeat(3_000))], from: 0 },
    { ino: 8, versions: [content('b'), content('bc')], from: 1 },
  ],
};

describe('fates', () => {
  it('are the same after they were written down and read', () => {
    for (const fate of allFates({ ...point, looseNames: point.looseNames.slice(0, 1) })) {
      expect(parseFate(fateText(fate))).toEqual(fate);
    }
    const random = randomFrom(3);
    for (let n = 0; n < 1_000; n++) {
      const fate = drawFate(point, random);
      expect(parseFate(fateText(fate))).toEqual(fate);
    }
  });

  it('are drawn alike from the same seed', () => {
    const draw = (seed: number) => {
      const random = randomFrom(seed);
      return Array.from({ length: 20 }, () => fateText(drawFate(point, random)));
    };
    expect(draw(1)).toEqual(draw(1));
    expect(draw(1)).not.toEqual(draw(2));
  });

  it('are of every kind when they are drawn, and never touch what is safe', () => {
    const random = randomFrom(5);
    const kinds = new Set<string>();
    const subsets = new Set<string>();
    for (let n = 0; n < 2_000; n++) {
      const fate = drawFate(point, random);
      subsets.add(fate.names.join());
      for (const [i, { damage }] of fate.files.entries()) {
        kinds.add(damage?.kind ?? 'none');
        if (damage && damage.kind !== 'blocks') {
          expect(damage.from).toBeGreaterThanOrEqual(point.looseFiles[i]?.from as number);
        }
      }
    }
    expect([...kinds].sort()).toEqual(['blocks', 'cut', 'noise', 'none', 'zeros'] satisfies KindName[]);
    expect(subsets.size).toBe(8);
  });
});

type KindName = NonNullable<ReturnType<typeof fatesOfFile>[number]['damage']>['kind'] | 'none';
