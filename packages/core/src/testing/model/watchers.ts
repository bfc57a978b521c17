import type { StoreEvent, SubscribeOptions, Subscription } from '../../store';
import { difference } from './difference';
import { isReported } from './hearing';
import { Listener } from './listener';
import { ModelFault, nameOf, type Stage } from './stage';
import { isUnsteady } from './told';

interface Watcher {
  on: number;
  name: string;
  options: SubscribeOptions;
  listener: Listener;
  subscription: Subscription;
  /** What was told before it began, and what of that the store may have forgotten by then. */
  before: StoreEvent[];
  faded: StoreEvent[];
  /** How much the main subscription had told when it began. */
  from: number;
}

/** Subscriptions beside the main one: each must hear what that one hears, but for its filter, from where it began. */
export class Watchers {
  readonly #stage: Stage;
  #watchers: Watcher[] = [];
  #count = 0;

  constructor(stage: Stage) {
    this.#stage = stage;
  }

  get size(): number {
    return this.#watchers.length;
  }

  async open(on: number, options: SubscribeOptions): Promise<void> {
    const { script, now, hearing } = this.#stage;
    const store = await this.#stage.instance(on);
    const name = `watcher${++this.#count}`;
    script.note(`const ${name} = await ${nameOf(on)}.subscribe(${script.show(options, now)}, listener);`);
    const listener = new Listener();
    const subscription = await store.subscribe(options, listener.take);
    this.#watchers.push({
      on,
      name,
      options,
      listener,
      subscription,
      before: [...hearing.told],
      faded: hearing.faded,
      from: hearing.told.length,
    });
  }

  /** Closes one of them; it must have heard everything by now, and must not hear more. */
  async close(n: number): Promise<void> {
    const watcher = this.#watchers[n % this.#watchers.length] as Watcher;
    await this.#check(watcher);
    this.#watchers = this.#watchers.filter((other) => other !== watcher);
    this.#stage.script.note(`await ${watcher.name}.close();`);
    await watcher.subscription.close();
  }

  /** Those of one instance end with it. */
  async drop(on: number): Promise<void> {
    for (const watcher of this.#watchers.filter((other) => other.on === on)) await this.#check(watcher);
    this.#watchers = this.#watchers.filter((other) => other.on !== on);
  }

  async #check({ name, options, listener, before, faded, from }: Watcher): Promise<void> {
    const { told } = this.#stage.hearing;
    const { lossy } = this.#stage.options.laws;
    const { since } = options;
    const missed = since === undefined ? [] : before.filter((event) => isNews(event, since));
    const isFaded = (event: StoreEvent): boolean => faded.some((one) => difference(one, event) === undefined);
    const counts = (event: StoreEvent): boolean => !(lossy && isUnsteady(event)) && !isFaded(event);
    const wanted = [...missed, ...told.slice(from)].filter((event) => fits(event, options) && counts(event));
    let fault: string | undefined;
    const isHeard = (): boolean => {
      const heard = listener.events.filter((event) => counts(event) && event.kind !== 'reset');
      // What happened up to a reset is in the state.
      const reset = listener.events.findLast(({ kind }) => kind === 'reset')?.seq ?? -1;
      const isKnown = (event: StoreEvent): boolean => event.seq > reset;
      fault = difference(wanted.filter(isKnown), heard.filter(isKnown), name);
      return fault === undefined;
    };
    if (!(await listener.until(isHeard, this.#stage.options.patience))) throw new ModelFault(fault);
  }
}

/** Progress and log lines carry the number of the last recorded change, so an equal number may be new. */
function isNews(event: StoreEvent, since: number): boolean {
  return event.seq > since || (event.seq === since && isReported(event));
}

function fits(event: StoreEvent, { kinds, types, ids, worker }: SubscribeOptions): boolean {
  return (
    (!kinds || kinds.includes(event.kind)) &&
    (!types || types.some((type) => type === event.type)) &&
    (!ids || ids.some((id) => id === event.id)) &&
    (worker === undefined || event.worker === worker)
  );
}
