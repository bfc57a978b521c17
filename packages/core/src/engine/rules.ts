/**
 * The rules by which jobs start: limits, pools, gates and windows, made of the store's definitions.
 *
 * @module
 */
import type { LimitSpec } from '../limit';
import type { GateSpec, MachineProbe, PoolSpec } from '../resources';
import { nextOpening, type TimeRange } from '../schedule/open-times';
import type { Cause } from '../store';
import type { WindowSpec } from '../window';
import { Bucket, type Opening, Room, TokenBucket } from './buckets';
import type { DefinitionTable } from './definition-table';
import type { Entry } from './entry';
import { faultsOfGate } from './gate';
import { isoOf } from './time';

const MINUTE_MS = 60_000;
/** So often (ms) a gate looks at the machine while it is closed. */
const GATE_INTERVAL = 5_000;
/** Buckets of single groups that nobody needs are thrown away once there are twice as many as the last time, or so many. */
const MANY_BUCKETS = 1_000;

/** One rule: what of it a job has to pass. */
export interface Rule {
  /** What the rule counts: jobs while they run, or also while they wait for a retry (`order`), or their starts. */
  readonly counts: 'running' | 'order' | 'starts';
  /** How long (ms) a start counts. */
  readonly memory: number;
  /** Types that it is about; `undefined`: all. */
  readonly types: ReadonlySet<string> | undefined;
  /** Tags that tell whether it is about a job. */
  readonly tags: ReadonlySet<string> | undefined;
  /** What the job takes of which bucket; `undefined`: the rule is not about it. */
  claimOn(entry: Entry, now: number): { bucket: Bucket; amount: number } | undefined;
  /** Why the job waits. */
  causeOf(opening: Opening, entry: Entry, bucket: Bucket): Cause;
}

/** The rules of these definitions. */
export function rulesOf(definitions: DefinitionTable, machine: MachineProbe | undefined): Rule[] {
  return [
    ...definitions.of('limit').flatMap(({ name, value }) => limitRules(name, value as unknown as LimitSpec)),
    ...definitions.of('pool').map(({ name, value }) => new PoolRule(name, value as unknown as PoolSpec)),
    ...definitions.of('gate').map(({ name, value }) => gateRule(name, value as unknown as GateSpec, machine)),
    ...definitions.of('window').map(({ name, value }) => windowRule(name, value as unknown as WindowSpec)),
  ];
}

function limitRules(name: string, spec: LimitSpec): Rule[] {
  const { concurrency, rate, ordered } = spec;
  return [
    ...(concurrency === undefined ? [] : [new LimitRule(name, spec, 'concurrency', () => new Room(concurrency))]),
    ...(ordered ? [new LimitRule(name, spec, 'order', () => new Room(1))] : []),
    ...(rate ? [new LimitRule(name, spec, 'rate', () => new TokenBucket(rate))] : []),
  ];
}

class LimitRule implements Rule {
  readonly types: ReadonlySet<string> | undefined;
  readonly tags: ReadonlySet<string> | undefined;
  private readonly buckets = new Map<string, Bucket>();
  private many = MANY_BUCKETS;

  constructor(
    private readonly name: string,
    private readonly spec: LimitSpec,
    private readonly part: 'concurrency' | 'rate' | 'order',
    private readonly make: () => Bucket,
  ) {
    this.types = spec.types && new Set(spec.types);
    this.tags = spec.tags && new Set(spec.tags);
  }

  get counts(): Rule['counts'] {
    return this.part === 'rate' ? 'starts' : this.part === 'order' ? 'order' : 'running';
  }

  get memory(): number {
    const { rate } = this.spec;
    return this.part === 'rate' && rate ? new TokenBucket(rate).memory : 0;
  }

  claimOn(entry: Entry, now: number): { bucket: Bucket; amount: number } | undefined {
    if (!isAbout(this, entry)) return undefined;
    const { by } = this.spec;
    const key = by === 'type' ? entry.type : by === 'group' ? entry.extra?.group : '';
    if (key === undefined) return undefined;
    let bucket = this.buckets.get(key);
    if (!bucket) {
      if (this.buckets.size >= this.many) this.tidy(now);
      bucket = this.make();
      this.buckets.set(key, bucket);
    }
    return { bucket, amount: 1 };
  }

  causeOf(opening: Opening, entry: Entry): Cause {
    const group = this.spec.by === 'group' ? entry.extra?.group : undefined;
    return {
      ...{ code: 'limit', limit: this.name, by: this.part },
      ...(group !== undefined && { group }),
      ...(typeof opening === 'number' && { until: isoOf(opening) }),
    };
  }

  private tidy(now: number): void {
    for (const [key, bucket] of this.buckets) if (bucket.isSpare(now)) this.buckets.delete(key);
    this.many = Math.max(MANY_BUCKETS, this.buckets.size * 2);
  }
}

class PoolRule implements Rule {
  readonly counts = 'running';
  readonly memory = 0;
  readonly types = undefined;
  readonly tags = undefined;
  private readonly room: Room;

  constructor(
    private readonly name: string,
    { capacity }: PoolSpec,
  ) {
    this.room = new Room(capacity);
  }

  claimOn(entry: Entry): { bucket: Bucket; amount: number } | undefined {
    const amount = entry.extra?.needs?.[this.name];
    return amount === undefined ? undefined : { bucket: this.room, amount };
  }

  causeOf(_opening: Opening, entry: Entry): Cause {
    const { capacity, inUse } = this.room;
    return { code: 'pool', pool: this.name, needs: entry.extra?.needs?.[this.name] ?? 0, capacity, inUse };
  }
}

/** Open or closed, whoever asks: nothing is counted. */
abstract class Door extends Bucket {
  take(): void {}
  give(): void {}

  protected isFresh(): boolean {
    return true;
  }
}

/** Open and closed by what the machine says. */
class Gate extends Door {
  constructor(
    private readonly spec: GateSpec,
    private readonly machine: MachineProbe | undefined,
  ) {
    super();
  }

  opensAt(now: number): Opening {
    return this.faults().length === 0 ? now : now + GATE_INTERVAL;
  }

  faults(): string[] {
    return faultsOfGate(this.spec, this.machine?.read() ?? {});
  }
}

/** Open and closed by the clock. */
class Window extends Door {
  private minute = Number.NaN;
  private opening: number | undefined;

  constructor(private readonly ranges: readonly TimeRange[]) {
    super();
  }

  opensAt(now: number): Opening {
    // Whether it may be open at some time: who is let try again then is looked at by the clock.
    if (now === Number.POSITIVE_INFINITY) return now;
    // Windows open and close at whole minutes: what holds at the start of one holds for all of it.
    const minute = Math.floor(now / MINUTE_MS);
    if (minute !== this.minute) {
      this.minute = minute;
      this.opening = nextOpening(this.ranges, minute * MINUTE_MS);
    }
    return this.opening ?? 'never';
  }
}

/** One door for all the jobs that it is about. */
class DoorRule implements Rule {
  readonly counts = 'running';
  readonly memory = 0;
  readonly types: ReadonlySet<string> | undefined;
  readonly tags: ReadonlySet<string> | undefined;

  constructor(
    { types, tags }: { types?: string[]; tags?: string[] },
    private readonly door: Door,
    readonly causeOf: (opening: Opening) => Cause,
  ) {
    this.types = types && new Set(types);
    this.tags = tags && new Set(tags);
  }

  claimOn(entry: Entry): { bucket: Bucket; amount: number } | undefined {
    return isAbout(this, entry) ? { bucket: this.door, amount: 1 } : undefined;
  }
}

function gateRule(name: string, spec: GateSpec, machine: MachineProbe | undefined): Rule {
  const gate = new Gate(spec, machine);
  return new DoorRule(spec, gate, () => ({ code: 'gate', gate: name, because: gate.faults() }));
}

function windowRule(name: string, spec: WindowSpec): Rule {
  return new DoorRule(spec, new Window(spec.open), (opening) => ({
    ...{ code: 'window', window: name },
    ...(typeof opening === 'number' && { until: isoOf(opening) }),
  }));
}

function isAbout({ types, tags }: Rule, entry: Entry): boolean {
  if (types && !types.has(entry.type)) return false;
  return !tags || (entry.extra?.tags?.some((tag) => tags.has(tag)) ?? false);
}
