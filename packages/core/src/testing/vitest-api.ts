/**
 * vitest, where it is installed: it is an optional peer, so that the clock and the helpers for processors work with any test runner.
 *
 * @module
 */
type Vitest = typeof import('vitest');

let missing: unknown;
const api: Vitest | undefined = await import('vitest').catch((error: unknown) => {
  missing = error;
  return undefined;
});

/** What of vitest the suite uses. Only to be called after {@link requireVitest} passed. */
export const { describe, expect, it } = api ?? ({} as Vitest);

/** @throws Error when vitest is not there. */
export function requireVitest(): void {
  if (api) return;
  throw new Error('storeSuite needs vitest 4 or newer, run by vitest: npm install --save-dev vitest', {
    cause: missing,
  });
}
