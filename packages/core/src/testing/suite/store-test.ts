import type { Feature, StoreSuiteOptions } from '../store-under-test';
import { expect, it } from '../vitest-api';
import { Harness } from './harness';

/** Registers one test, with a store of its own that is disposed of afterwards. */
export interface StoreTest {
  (name: string, run: (h: Harness) => Promise<void>): void;
  /** A test of something that not every store can do. */
  needing(...features: Feature[]): (name: string, run: (h: Harness) => Promise<void>) => void;
}

/** The way to register tests for one store; `skipped` collects the features that tests were skipped for. */
export function storeTest(options: StoreSuiteOptions, lacking: Map<Feature, string>, skipped: Set<Feature>): StoreTest {
  const test = (name: string, run: (h: Harness) => Promise<void>): void => {
    it(name, async () => {
      // A test that compares nothing must not pass.
      expect.hasAssertions();
      const h = new Harness(await options.create(), options.patience ?? 5_000);
      try {
        await run(h);
      } finally {
        await h.dispose();
      }
    });
  };
  const needing =
    (...features: Feature[]) =>
    (name: string, run: (h: Harness) => Promise<void>): void => {
      const missing = features.filter((feature) => lacking.has(feature));
      if (missing.length === 0) {
        test(name, run);
        return;
      }
      for (const feature of missing) skipped.add(feature);
      it.skip(`${name} [skipped: ${missing.map((feature) => lacking.get(feature)).join(', ')}]`);
    };
  return Object.assign(test, { needing });
}
