/**
 * How often things are drawn.
 *
 * @module
 */
import type * as FastCheck from 'fast-check';

/** The module fast-check. */
export type Fc = typeof FastCheck;

/** A failing sequence is made shorter towards the first of the choices. */
export const oneOf = { withCrossShrink: true };

/** Arbitraries of what may be left out, and of lists. */
export function drawerOf(fc: Fc) {
  const none = fc.constant(undefined);
  const onceIn = <T>(many: number, arbitrary: FastCheck.Arbitrary<T>) =>
    fc.oneof(oneOf, { weight: many - 1, arbitrary: none }, { weight: 1, arbitrary });
  return {
    none,
    sometimes: <T>(arbitrary: FastCheck.Arbitrary<T>) => fc.option(arbitrary, { nil: undefined, freq: 2 }),
    seldom: <T>(arbitrary: FastCheck.Arbitrary<T>) => onceIn(5, arbitrary),
    rarely: <T>(arbitrary: FastCheck.Arbitrary<T>) => onceIn(8, arbitrary),
    some: <T>(list: readonly T[], minLength = 0) =>
      fc.uniqueArray(fc.constantFrom(...list), { minLength, maxLength: 3 }),
  };
}
