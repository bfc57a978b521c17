/** A seeded source of numbers (mulberry32), for tests that print their seed and can be run again with it. */
export function randomFrom(seed: number): { below(limit: number): number } {
  let state = seed >>> 0;
  return {
    below(limit) {
      state = (state + 0x6d2b79f5) >>> 0;
      let mixed = Math.imul(state ^ (state >>> 15), state | 1);
      mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
      return ((mixed ^ (mixed >>> 14)) >>> 0) % limit;
    },
  };
}

/** The seed of this run: that of `LEVIATHAN_SEED`, or a fresh one. */
export function testSeed(): number {
  const given = Number(process.env.LEVIATHAN_SEED);
  return Number.isInteger(given) && given > 0 ? given : freshSeed();
}

/** Any seed. */
export function freshSeed(): number {
  return 1 + Math.floor(Math.random() * 0x7ffffffe);
}
