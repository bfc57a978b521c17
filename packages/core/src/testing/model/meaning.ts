/**
 * What a plan means in the state that the reference is in.
 *
 * @module
 */
import type { JobSpec } from '../../job';
import type {
  ChangeAction,
  ChangeRequest,
  ClaimRequest,
  JobFilter,
  JobPatch,
  ListQuery,
  MoveTarget,
  Settlement,
} from '../../store';
import type { Call } from './calls';
import type { Drawn, Plans } from './plans';
import { WORKERS } from './stage';
import type { World } from './world';

/** The value that a kind of plan has. */
export type Plan<K extends keyof Plans> = Drawn<Plans[K]>;

/** Turns plans into calls; undefined where a plan means nothing now. */
export const MEANINGS = {
  add: (world: World, { specs, reject }: Plan<'add'>): Call => {
    const made: JobSpec[] = [];
    for (const spec of specs) made.push(specOf(world, spec, made));
    return { call: 'add', args: reject ? [made, { onDuplicate: 'reject' }] : [made] };
  },

  claim: (_world: World, plan: Plan<'claim'>): Call => ({ call: 'claim', args: [{ ...requestOf(plan), wait: false }] }),

  settle: (world: World, { ends }: Plan<'settle'>): Call | undefined => {
    const settlements = ends.flatMap(({ attempt, end }) => {
      const named = attemptOf(world, attempt);
      return named ? [{ ...named, ...endOf(world, end) } as Settlement] : [];
    });
    return settlements.length > 0 ? { call: 'settle', args: [settlements] } : undefined;
  },

  report: (world: World, { reports }: Plan<'report'>): Call | undefined => {
    const made = reports.flatMap(({ attempt, lines, ...news }, at) => {
      const named = attemptOf(world, attempt);
      if (!named) return [];
      const logs = Array.from({ length: lines }, (_, n) => ({
        at: new Date(world.ref.now).toISOString(),
        level: 'info' as const,
        message: `line ${world.script.lines.length}.${at}.${n}`,
      }));
      return [{ ...named, ...withoutUndefined(news), ...(lines > 0 && { logs }) }];
    });
    return made.length > 0 ? { call: 'report', args: [made] } : undefined;
  },

  takeBack: (world: World, { workers, cause, keep }: Plan<'takeBack'>): Call => {
    const names = workers.map(workerName);
    const { running } = world;
    if (keep === undefined) return { call: 'takeBack', args: [names, cause] };
    const kept = keep.flatMap((n) => (running.length > 0 ? [running[n % running.length]?.token ?? ''] : []));
    return { call: 'takeBack', args: [names, cause, { keep: kept }] };
  },

  change: (world: World, { action, target, dryRun, by }: Plan<'change'>): Call => {
    const change: ChangeAction =
      action.action === 'edit' ? { action: 'edit', patch: patchOf(world, action.patch) } : action;
    return { call: 'change', args: [{ change, target: targetOf(world, target), ...withoutUndefined({ dryRun, by }) }] };
  },

  revive: (_world: World, { action: change, target, dryRun, by }: Plan<'revive'>): Call => ({
    call: 'change',
    args: [{ change, target, ...withoutUndefined({ dryRun, by }) }],
  }),

  move: (world: World, { action: { to, pick }, target, dryRun, by }: Plan<'move'>): Call => {
    const next = idOf(world, pick);
    const place: MoveTarget =
      to === 'top' || to === 'bottom' ? { to } : to === 'before' ? { before: next } : { after: next };
    const change: ChangeAction = { action: 'move', target: place };
    return { call: 'change', args: [{ change, target: targetOf(world, target), ...withoutUndefined({ dryRun, by }) }] };
  },

  undo: (world: World, { which, pick, dryRun, by }: Plan<'undo'>): Call | undefined => {
    const { changes } = world.ref;
    const more = withoutUndefined({ dryRun, by });
    if (which === 'none' || changes.length === 0) return { call: 'undo', args: [{ operation: 999_999, ...more }] };
    if (which === 'newest') return changes.at(-1)?.touched && { call: 'undo', args: [more] };
    const { operation, touched } = changes[pick % changes.length] as (typeof changes)[0];
    return touched && { call: 'undo', args: [{ operation, ...more }] };
  },

  // What is paused is let go on again sooner or later, or nothing else would happen any more.
  pause: (world: World, { paused, all, type, pick }: Plan<'pause'>): Call => {
    const { pausedAll, pausedTypes } = world.ref;
    if (!paused && pausedAll) return { call: 'pause', args: [false] };
    const named = paused || pausedTypes.length === 0 ? type : (pausedTypes[pick % pausedTypes.length] ?? type);
    return { call: 'pause', args: all ? [paused] : [paused, { type: named }] };
  },

  get: (world: World, { ids }: Plan<'get'>): Call => ({ call: 'get', args: [ids.map((n) => idOf(world, n))] }),

  list: (world: World, { query }: Plan<'list'>): Call => ({ call: 'list', args: [queryOf(world, query)] }),

  counts: (): Call => ({ call: 'counts', args: [] }),
};

type WithoutAttempt<S> = S extends Settlement ? Omit<S, 'id' | 'token'> : never;

function endOf(world: World, end: Plan<'settle'>['ends'][number]['end']): WithoutAttempt<Settlement> {
  if (end.outcome !== 'waiting') return withoutUndefined(end);
  const jobs = end.jobs.map((job): JobSpec => ({ ...job, id: world.newId() }));
  const { onChildFailed } = end;
  // Of no other children of the job.
  const name = `parts from ${jobs[0]?.id}`;
  return { outcome: 'waiting', children: { name, jobs, ...(onChildFailed && { onChildFailed }) } };
}

/** Where a claim goes, and what it asks for. */
export function requestOf({ worker, limit, types }: Plan<'claim'>): Omit<ClaimRequest, 'wait'> {
  return {
    worker: workerName(worker),
    limit,
    ...(types && { types: withoutUndefined(types) as Record<string, number> }),
  };
}

/** The instance that a worker lives in. */
export function homeOf(worker: number): number {
  return WORKERS.findIndex((workers) => workers.includes(workerName(worker)));
}

/** The query, with times as they are now. */
export function queryOf(world: World, { filter, ...query }: Plan<'list'>['query']): ListQuery {
  return withoutUndefined({ ...query, filter: filter && filterOf(world, filter) }) as ListQuery;
}

/** The id of a known job, or now and then one that never was. */
export function idOf(world: World, n: number): string {
  const { known } = world.ref;
  return known[n % (known.length + 1)]?.job.id ?? 'nobody';
}

function workerName(n: number): string {
  return WORKERS.flat()[n] ?? 'w1';
}

function specOf(world: World, plan: Plan<'add'>['specs'][number], batch: JobSpec[]): JobSpec {
  const { known, now } = world.ref;
  const { id: idPlan, runIn, expiresIn, parents, keyed, ...rest } = plan;
  const spec: JobSpec = withoutUndefined({ ...rest, ...keyed });
  if (idPlan === 'fresh') spec.id = world.newId();
  else if (idPlan !== 'none') {
    const ids = [
      ...known.flatMap(({ job, absorbed }) => [job.id, ...absorbed]),
      ...batch.flatMap(({ id }) => id ?? []),
    ];
    spec.id = ids[idPlan.again % Math.max(ids.length, 1)] ?? world.newId();
  }
  if (runIn !== undefined && !isObject(spec.unique, 'debounce')) spec.runAt = now + runIn;
  // What is scheduled for later than that is refused.
  if (expiresIn !== undefined && (runIn ?? Number.NEGATIVE_INFINITY) < expiresIn) spec.expiresAt = now + expiresIn;
  if (parents && mayDepend(spec)) {
    const own = [...batch.flatMap(({ id }) => id ?? []), ...(spec.id === undefined ? [] : [spec.id])];
    // One that comes later in the batch: without it there would be no cycle.
    own.push(world.newId(0));
    spec.dependsOn = parents.map(({ of, pick }) => {
      if (of === 'nobody') return 'nobody';
      const ids = of === 'batch' ? own : known.map(({ job }) => job.id);
      return ids[pick % Math.max(ids.length, 1)] ?? 'nobody';
    });
  }
  return spec;
}

/** What a job waits for cannot be changed once it is there: most modes do not go together with it. */
function mayDepend({ unique }: JobSpec): boolean {
  return unique === undefined || unique === 'keep' || unique === 'reject' || isObject(unique, 'throttle');
}

function isObject(value: unknown, field: string): boolean {
  return typeof value === 'object' && value !== null && field in value;
}

function attemptOf(
  world: World,
  { from, pick }: { from: string; pick: number },
): { id: string; token: string } | undefined {
  const { running, attempts } = world;
  const one = running[pick % Math.max(running.length, 1)];
  const past = attempts[pick % Math.max(attempts.length, 1)];
  // An attempt that a broken connection took back unseen makes the store forget how the one before it ended.
  if (world.options.laws.lossy && from !== 'invented') return one;
  if (from === 'running') return one;
  if (from === 'past') return past;
  if (!one || !past) return undefined;
  return { id: one.id, token: from === 'foreign' ? past.token : 'invented' };
}

function targetOf(world: World, target: Plan<'change'>['target']): ChangeRequest['target'] {
  if ('ids' in target) return { ids: target.ids.map((n) => idOf(world, n)) };
  return { filter: filterOf(world, target.filter) };
}

function filterOf(world: World, plan: NonNullable<Plan<'list'>['query']['filter']>): JobFilter {
  const { created, updated, parent, ...filter } = plan;
  const times: JobFilter = parent === undefined ? {} : { parent: idOf(world, parent) };
  const { now } = world.ref;
  if (created) times[`created${created.side}`] = now - created.ms;
  if (updated) times[`updated${updated.side}`] = now - updated.ms;
  return withoutUndefined({ ...filter, ...times }) as JobFilter;
}

function patchOf(
  world: World,
  { runIn, expiresIn, ...plan }: Extract<Plan<'change'>['action'], { action: 'edit' }>['patch'],
): JobPatch {
  const patch = withoutUndefined(plan) as JobPatch;
  if (runIn !== undefined) patch.runAt = runIn === null ? null : world.ref.now + runIn;
  if (expiresIn !== undefined) patch.expiresAt = expiresIn === null ? null : world.ref.now + expiresIn;
  return patch;
}

function withoutUndefined<T extends object>(value: T): T {
  return Object.fromEntries(Object.entries(value).filter(([, part]) => part !== undefined)) as T;
}
