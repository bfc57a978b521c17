import type { JobPage, ListQuery } from '../../store';
import { difference } from './difference';
import { listed } from './reference-view';
import { ModelFault, mustBeRight, nameOf, type Stage } from './stage';

interface Walk {
  on: number;
  query: ListQuery;
  cursor: string | undefined;
  /** Ids and revisions of what was listed when the walk began, and when it was seen. */
  there: Map<string, number>;
  seen: Map<string, number>;
}

/** A list that is read page by page while other things happen: it neither repeats nor misses a job that stays as it is. */
export class Walks {
  readonly #stage: Stage;
  #walk: Walk | undefined;

  constructor(stage: Stage) {
    this.#stage = stage;
  }

  get isOpen(): boolean {
    return this.#walk !== undefined;
  }

  /** Reads a whole list at once: then all pages together are the list. */
  async whole(on: number, query: ListQuery): Promise<void> {
    const expected = listed(this.#stage.ref, query).map(({ id }) => id);
    const ids: string[] = [];
    let cursor: string | undefined;
    do {
      const page = await this.#page(on, { ...query, ...(cursor !== undefined && { cursor }) });
      if (page.jobs.length > (query.limit ?? 50)) throw new ModelFault('a page is longer than its limit');
      ids.push(...page.jobs.map(({ id }) => id));
      cursor = page.next;
    } while (cursor !== undefined && ids.length <= expected.length);
    mustBeRight(difference(expected, ids, 'the list'));
  }

  /** Another store may count otherwise. */
  drop(): void {
    this.#walk = undefined;
  }

  async begin(on: number, query: ListQuery): Promise<void> {
    const there = new Map(listed(this.#stage.ref, query).map(({ id, rev }) => [id, rev]));
    this.#walk = { on, query, cursor: undefined, there, seen: new Map() };
    await this.next();
  }

  async next(): Promise<void> {
    const walk = this.#walk as Walk;
    const { cursor } = walk;
    const page = await this.#page(walk.on, { ...walk.query, ...(cursor !== undefined && { cursor }) });
    for (const { id, rev } of page.jobs) {
      if (walk.seen.get(id) === rev) throw new ModelFault(`job ${id} stands on two pages`);
      walk.seen.set(id, rev);
    }
    walk.cursor = page.next;
    if (page.next === undefined) this.#end(walk);
  }

  #end({ there, seen }: Walk): void {
    this.#walk = undefined;
    for (const [id, rev] of there) {
      const now = this.#stage.ref.known.find(({ job }) => job.id === id);
      if (now?.job.rev === rev && !seen.has(id))
        throw new ModelFault(`job ${id} stands on no page, and did not change`);
    }
  }

  async #page(on: number, query: ListQuery): Promise<JobPage> {
    const { script, now } = this.#stage;
    const store = await this.#stage.instance(on);
    script.begin(nameOf(on), { call: 'list', args: [query] }, now);
    return store.list(query);
  }
}
