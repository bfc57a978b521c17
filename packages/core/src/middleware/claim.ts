/**
 * Middleware around the asking for jobs.
 *
 * @module
 */
import type { Clock } from '../clock';
import type { ClaimedJob, ClaimRequest, JobStore } from '../store';
import { type Blame, faultIn, layersOf, type Middleware, type NamedLayer, onion } from './middleware';

/** Asks for jobs, until the signal aborts. */
export type Claim = (request: ClaimRequest, options: { signal: AbortSignal }) => Promise<ClaimedJob[]>;

/** What {@link claimThrough} needs of the worker. */
export interface ClaimHost {
  readonly clock: Clock;
  /** These jobs are not to run here: back to pending. */
  giveBack(jobs: ClaimedJob[]): void;
  error(error: unknown): void;
}

/** Pause after a claim of which all jobs were given back: they are there at once again. */
const PAUSE_MS = 1_000;

/** How a worker asks a store for jobs: through the middleware, if there is some. */
export function claimOf(store: JobStore, middleware: readonly Middleware[] | undefined, host: ClaimHost): Claim {
  const claim: Claim = (request, options) => store.claim(request, options);
  const layers = layersOf(middleware, 'claim');
  return layers ? claimThrough(layers, claim, host) : claim;
}

/**
 * Puts layers around a claim. Whatever they do, a job that the store gave out is either returned or given back, and a failure of the store
 * stays the store's.
 */
function claimThrough(layers: readonly NamedLayer<'claim'>[], claim: Claim, host: ClaimHost): Claim {
  return async (request, { signal }) => {
    let claiming: Promise<ClaimedJob[]> | undefined;
    let isOver = false;
    const withSignal = layers.map(({ name, call }) => ({
      name,
      call: (asked: ClaimRequest, next: Parameters<typeof call>[1]) => call(asked, next, signal),
    }));
    const pass = onion('claim', withSignal, (passed: ClaimRequest) => {
      // Called by a layer that somebody further out did not wait for: nobody would run the jobs.
      if (isOver) return Promise.resolve([]);
      claiming = claim(bounded(request, passed), { signal });
      return claiming;
    });
    const blame: Blame = {};
    let kept: Map<string, ClaimedJob>;
    try {
      const wanted = await pass(request, blame);
      kept = new Map(wanted.map((each) => [each.token, each]));
    } catch (error) {
      isOver = true;
      const fault = faultIn('claim', blame, error);
      if (!claiming) throw fault;
      const claimed = await claiming;
      host.error(fault);
      return claimed;
    }
    isOver = true;
    const claimed = (await claiming) ?? [];
    const left = claimed.filter(({ token }) => !kept.has(token));
    if (left.length > 0) host.giveBack(left);
    if (left.length === claimed.length) await pause(host.clock, signal);
    return claimed.flatMap(({ token }) => kept.get(token) ?? []);
  };
}

/** No more than the worker has room for, and in its name. */
function bounded(asked: ClaimRequest, passed: ClaimRequest): ClaimRequest {
  const types = asked.types && passed.types && { ...asked.types };
  for (const type of Object.keys(types ?? {})) {
    const most = Math.min(asked.types?.[type] ?? 0, passed.types?.[type] ?? 0);
    if (types && most > 0) types[type] = most;
    else delete types?.[type];
  }
  const limit = Math.min(asked.limit, passed.limit);
  return { ...asked, limit, ...(types && { types }), ...(passed.timed && { timed: true }) };
}

function pause(clock: Clock, signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve();
  return new Promise((resolve) => {
    const end = (): void => {
      timer.cancel();
      signal.removeEventListener('abort', end);
      resolve();
    };
    const timer = clock.after(PAUSE_MS, end);
    signal.addEventListener('abort', end);
  });
}
