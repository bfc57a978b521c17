/**
 * Middleware around the outcomes of attempts.
 *
 * @module
 */
import type { Clock } from '../clock';
import { MiddlewareError } from '../errors';
import { FAILURE_REASONS } from '../job';
import { jsonOf } from '../json';
import type { Settlement, SettleResult } from '../store';
import { type Blame, faultIn, type NamedLayer, onion } from './middleware';

/** What {@link settleThrough} needs of the worker. */
export interface SettleHost {
  readonly clock: Clock;
  /** Takes the outcome to the store, however long that takes; resolves with what the store said. */
  hand(settlement: Settlement): Promise<SettleResult>;
  error(error: unknown): void;
}

/** How long layers may hold an outcome: less than a worker that stops waits for its last ones. */
const PATIENCE_MS = 3_000;

/** Leads each outcome through layers to the store. Whatever they do, each outcome is handed on exactly once. */
export function settleThrough(
  layers: readonly NamedLayer<'settle'>[],
  host: SettleHost,
): (settlement: Settlement) => void {
  return (settlement) => {
    let handed: Promise<SettleResult> | undefined;
    const hand = (outcome: Settlement): Promise<SettleResult> => {
      handed ??= host.hand(outcome);
      return handed;
    };
    /** Past the layers; nothing happens when they handed the outcome on. */
    const rescue = (why: string): void => {
      if (handed) return;
      host.error(new MiddlewareError('settle', `${why}; the outcome of job ${settlement.id} was settled as it was.`));
      void hand(settlement);
    };
    const pass = onion('settle', layers, async (passed: Settlement) => {
      const { id, token } = settlement;
      const fault = faultOf(passed, settlement);
      if (fault !== undefined) rescue(`it passed on ${fault}`);
      return hand({ ...passed, id, token });
    });
    const timer = host.clock.after(PATIENCE_MS, () => rescue(`it did not call next() within ${PATIENCE_MS} ms`));
    // A copy: what a layer does to it before it fails must not change the outcome that is settled then.
    const blame: Blame = {};
    pass({ ...settlement }, blame)
      .then(
        () => rescue('it did not call next()'),
        (error: unknown) => {
          host.error(faultIn('settle', blame, error));
          void hand(settlement);
        },
      )
      .finally(() => timer.cancel());
  };
}

/** Why the outcome that was passed on cannot be settled, if so. */
function faultOf(passed: Settlement, given: Settlement): string | undefined {
  const outcome = passed?.outcome;
  if (outcome === 'completed') {
    const { result } = passed as Extract<Settlement, { outcome: 'completed' }>;
    return result === undefined || 'json' in jsonOf(result, []) ? undefined : 'a result that is no JSON';
  }
  if (outcome === 'released') {
    const { delay = 0 } = passed as Extract<Settlement, { outcome: 'released' }>;
    return delay >= 0 ? undefined : 'a delay that is no time';
  }
  if (outcome !== 'failed') return outcome === given.outcome ? undefined : 'no outcome';
  const { error, reason, retryIn } = passed as Extract<Settlement, { outcome: 'failed' }>;
  if (typeof error?.name !== 'string' || typeof error.message !== 'string') return 'a failure without an error';
  if (!FAILURE_REASONS.includes(reason)) return 'a failure without a reason';
  return retryIn === undefined || retryIn >= 0 ? undefined : 'a retry that is no time';
}
