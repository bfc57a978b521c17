import type { Feature, StoreSuiteOptions } from '../store-under-test';
import { describe, expect, it } from '../vitest-api';
import { Harness } from './harness';
import { ModelRun } from './model-run';
import { Random } from './random';

const TRACE = 25;

/** Random histories, compared step by step with a model that is too plain to be wrong. */
export function model(options: StoreSuiteOptions, lacking: Map<Feature, string>): void {
  const { runs = 20, steps = 80, seed = Math.floor(Math.random() * 2 ** 32) } = options.model ?? {};

  describe(`random histories, from seed ${seed}`, () => {
    for (let run = 0; run < runs; run++) {
      const moves = run % 2 === 1 && !lacking.has('reorder');
      it(`does what the model does in history ${run + 1} of ${runs}, of ${steps} steps${moves ? ', with moves' : ''}`, async () => {
        expect.hasAssertions();
        const h = new Harness(await options.create(), options.patience ?? 5_000);
        const history = new ModelRun(h, new Random(seed + run), lacking, moves);
        try {
          await history.run(steps);
        } catch (error) {
          const { message } = error as Error;
          const trace = history.trace.slice(-TRACE).join('\n  ');
          throw new Error(
            `${message}\nafter ${history.trace.length} calls, the last of which were\n  ${trace}\nRun it again with model: { seed: ${seed + run - (moves ? 1 : 0)}, runs: ${moves ? 2 : 1} }.`,
            { cause: error },
          );
        } finally {
          await h.dispose();
        }
      });
    }
  });
}
