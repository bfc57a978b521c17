/**
 * Plans as commands of fast-check's model runner.
 *
 * @module
 */
import type { Arbitrary, AsyncCommand } from 'fast-check';
import type { Call } from './calls';
import type { Fc } from './drawer';
import { homeOf, idOf, MEANINGS, type Plan, queryOf, requestOf } from './meaning';
import { type Plans, plansOf } from './plans';
import type { Powers } from './powers';
import type { World } from './world';

/** fast-check hands the model and the real thing: here they are one, which knows both. */
type Command = AsyncCommand<World, World>;

/** How often each kind is drawn, compared with the others. */
const WEIGHTS: [kind: string, weight: number, needs?: keyof Powers][] = [
  ['add', 8],
  ['claim', 9],
  ['wait', 2],
  ['abort', 1],
  ['settle', 12],
  ['report', 3],
  ['takeBack', 1],
  ['change', 6],
  ['move', 3, 'reorder'],
  ['revive', 3, 'deadLetters'],
  ['undo', 3, 'audit'],
  ['pause', 2],
  ['get', 1],
  ['list', 2],
  ['walk', 1],
  ['page', 2],
  ['advance', 3, 'time'],
  ['jump', 1, 'time'],
  ['watch', 1],
  ['unwatch', 1],
  ['close', 1, 'second'],
  ['reopen', 1, 'reopen'],
  ['crash', 1, 'crash'],
  ['parallel', 4],
];

/** An arbitrary for each kind of command, each as often as it is to be drawn. */
export function commandsOf(fc: Fc, powers: Powers): Arbitrary<Command>[] {
  const plans = plansOf(fc, powers);
  const wide = powers.second ? (on: number) => on : () => 0;
  const commands: Record<string, Arbitrary<Command>> = {
    ...callCommands(plans, wide),
    ...otherCommands(plans, powers, wide),
    parallel: parallelCommand(fc, plans, powers, wide),
  };
  return WEIGHTS.flatMap(([kind, weight, needs]) =>
    needs && !powers[needs] ? [] : Array.from({ length: weight }, () => commands[kind] as Arbitrary<Command>),
  );
}

type On = (on: number) => number;

function command<T>(
  name: string,
  plan: T,
  run: (world: World) => Promise<unknown>,
  check: (world: World) => boolean = () => true,
): Command {
  return {
    check: (world: Readonly<World>) => check(world as World),
    run: async (world) => void (await run(world)),
    toString: () => `${name}(${JSON.stringify(plan)})`,
  };
}

/** Calls that are awaited. */
function callCommands(plans: Plans, wide: On): Record<string, Arbitrary<Command>> {
  const simple = <K extends keyof typeof MEANINGS & keyof Plans>(kind: K): Arbitrary<Command> =>
    (plans[kind] as Arbitrary<Plan<K>>).map((plan) => {
      const { on = 0 } = plan as { on?: number };
      const worker = (plan as { worker?: number }).worker;
      const meaning = (world: World) =>
        (MEANINGS[kind] as (world: World, plan: Plan<K>) => Call | undefined)(world, plan);
      return command(
        kind,
        plan,
        async (world) => {
          const call = meaning(world);
          if (call) await world.call(wide(kind === 'claim' ? homeOf(worker ?? 0) : on), call);
        },
        (world) => !NEEDS_ATTEMPTS.has(kind) || world.attempts.length > 0,
      );
    });
  const kinds = [
    'add',
    'claim',
    'settle',
    'report',
    'takeBack',
    'change',
    'move',
    'revive',
    'undo',
    'pause',
    'get',
  ] as const;
  return Object.fromEntries(kinds.map((kind) => [kind, simple(kind)]));
}

const NEEDS_ATTEMPTS = new Set(['settle', 'report']);

function otherCommands(plans: Plans, powers: Powers, wide: On): Record<string, Arbitrary<Command>> {
  // After a broken connection claims are made again, at a time and in an order of their own.
  const isCalm = (world: World): boolean => !powers.lossy || world.waiting.numbers.length === 0;
  return {
    wait: plans.wait.map((plan) =>
      command('wait', plan, (world) => world.waiting.claim(wide(homeOf(plan.worker)), requestOf(plan)), isCalm),
    ),
    abort: plans.abort.map((plan) =>
      command(
        'abort',
        plan,
        (world) => world.waiting.abort(world.waiting.numbers[plan.pick % world.waiting.numbers.length] as number),
        (world) => world.waiting.numbers.length > 0,
      ),
    ),
    list: plans.list.map((plan) =>
      command('list', plan, (world) => world.walks.whole(wide(plan.on), queryOf(world, plan.query))),
    ),
    walk: plans.walk.map((plan) =>
      command(
        'walk',
        plan,
        (world) => world.walks.begin(wide(plan.on), queryOf(world, plan.query)),
        (world) => !world.walks.isOpen,
      ),
    ),
    page: plans.page.map((plan) =>
      command(
        'page',
        plan,
        (world) => world.walks.next(),
        (world) => world.walks.isOpen,
      ),
    ),
    advance: plans.advance.map((plan) => command('advance', plan, (world) => world.advance(plan.ms), isCalm)),
    jump: plans.jump.map((plan) => command('jump', plan, (world) => world.jump(plan.ms), isCalm)),
    watch: plans.watch.map((plan) =>
      command(
        'watch',
        plan,
        (world) => {
          const { since, kinds, types, ids, worker } = plan;
          const from = since === undefined || !powers.resume ? undefined : world.hearing.told.at(-1 - since)?.seq;
          return world.watchers.open(wide(plan.on), {
            ...(from !== undefined && { since: from }),
            ...(kinds && { kinds }),
            ...(types && { types }),
            ...(ids && { ids: ids.map((n) => idOf(world, n)) }),
            ...(worker !== undefined && { worker }),
          });
        },
        (world) => world.watchers.size < 3,
      ),
    ),
    unwatch: plans.unwatch.map((plan) =>
      command(
        'unwatch',
        plan,
        (world) => world.watchers.close(plan.pick),
        (world) => world.watchers.size > 0,
      ),
    ),
    close: plans.close.map((plan) =>
      command(
        'close',
        plan,
        (world) => world.close(plan.on),
        // A connection that breaks at the goodbye makes it a death.
        (world) => !powers.lossy && world.isOpen(0) && world.isOpen(1),
      ),
    ),
    reopen: plans.reopen.map((plan) => command('reopen', plan, (world) => world.reopen())),
    crash: plans.crash.map((plan) => command('crash', plan, (world) => world.crash())),
  };
}

/** Up to four calls at once; none that waits, and none whose outcome the state afterwards does not tell. */
function parallelCommand(fc: Fc, plans: Plans, powers: Powers, wide: On): Arbitrary<Command> {
  const call = <K extends keyof typeof MEANINGS & keyof Plans>(kind: K) =>
    (plans[kind] as Arbitrary<Plan<K>>).map((plan) => ({
      kind,
      plan,
      on: wide((plan as { on?: number }).on ?? 0),
      meaning: (world: World) => (MEANINGS[kind] as (world: World, plan: Plan<K>) => Call | undefined)(world, plan),
    }));
  const claims = powers.lossy ? [] : [call('claim'), call('claim')];
  const kinds = [call('add'), call('add'), call('settle'), call('settle'), call('change'), call('change')];
  const rest = [call('report'), call('takeBack'), call('pause'), call('get'), call('list'), call('counts')];
  const any = fc.oneof({ withCrossShrink: true }, ...kinds, ...claims, ...rest);
  return fc.array(any, { minLength: 1, maxLength: 4 }).map((calls) =>
    command(
      'parallel',
      calls.map(({ kind, plan }) => ({ [kind]: plan })),
      async (world) => {
        const made = calls.flatMap(({ on, kind, plan, meaning }) => {
          const made = meaning(world);
          const worker = (plan as { worker?: number }).worker;
          return made ? [{ on: kind === 'claim' ? wide(homeOf(worker ?? 0)) : on, call: made }] : [];
        });
        await world.parallel(made);
      },
      // Whether a claim that waits is served between two of them would be anybody's guess.
      (world) => world.waiting.numbers.length === 0,
    ),
  );
}
