import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { type Child, startChild } from './testing/child';
import { randomFrom, testSeed } from './testing/random';
import { range, replayAll } from './testing/records';
import { tempDir } from './testing/temp-dir';

const ROUNDS = 25;
const AHEAD = 3;

describe.each(['power', 'process'] as const)('a writer at %s that is killed', (durability) => {
  const seed = testSeed();

  it(`${ROUNDS} times, at any moment, loses nothing that was acknowledged (seed ${seed})`, async () => {
    const random = randomFrom(seed);
    const dir = tempDir();
    const notes = join(tempDir(), 'acknowledged');
    const start = () => startChild('./journal-child.ts', [dir, notes, durability, String(random.below(2 ** 31))]);
    // A process takes longer to start than to be killed, so some stand ready.
    const ready: Child[] = range(1, AHEAD).map(start);
    let before = 0;
    for (let round = 0; round < ROUNDS; round++) {
      const child = ready.shift() as Child;
      ready.push(start());
      expect(await child.message()).toBe('ready');
      child.send('go');
      expect(await child.message()).toBe('writing');
      await new Promise((resolve) => setTimeout(resolve, random.below(40)));
      await child.kill();
      const acknowledged = Number(readFileSync(notes, 'utf8'));
      const { seqs, lines, findings, end } = await replayAll(dir);
      const what = `round ${round}, seed ${seed}`;
      expect(seqs, what).toEqual(range(1, end.next - 1));
      expect(end.next - 1, what).toBeGreaterThanOrEqual(Math.max(before, acknowledged));
      expect(lines.at(-1)?.meta.more, what).toBeUndefined();
      for (const { kind } of findings) expect(['torn-tail', 'incomplete-batch'], what).toContain(kind);
      before = end.next - 1;
    }
    expect(before).toBeGreaterThan(ROUNDS);
  }, 120_000);
});
