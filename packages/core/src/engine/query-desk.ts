/** Answers questions about the jobs as they are, what is due having been done. */
import type { Clock } from '../clock';
import type { Definition, DefinitionKind } from '../definition';
import { type HealthCheck, type StoreHealth, storeHealth } from '../health';
import type { HistoryQuery, HistoryResult, StoreMetrics } from '../history';
import type { Job, Json } from '../job';
import type { MachineProbe } from '../resources';
import type { Explanation, JobCounts, JobPage, ListQuery } from '../store';
import type { ClaimDesk } from './claim-desk';
import { countJobs } from './count';
import type { BodySource } from './entry';
import { explainEntry } from './explain';
import { problemsOfGates } from './gate';
import { readHistory } from './history-query';
import { jobOf } from './job-of';
import type { JobTable } from './job-table';
import { findPage } from './list';
import type { Pulse } from './pulse';
import { metricsOf } from './store-metrics';
import { checkWorkers } from './worker-check';

/** What it looks at. */
export interface QueryDeskOptions {
  table: JobTable;
  bodies: BodySource;
  clock: Clock;
  /** Knows the workers. */
  claims: ClaimDesk;
  /** Does what is due. */
  pulse: Pulse;
  machine: MachineProbe | undefined;
  /** Lets others run in the middle of a long scan; rejects when the store was closed meanwhile. */
  pause: () => Promise<void>;
}

/** See the file; its methods are those of a `JobStore`. */
export class QueryDesk {
  constructor(private readonly options: QueryDeskOptions) {}

  get(ids: string[]): (Job | null)[] {
    const { table, bodies } = this.options;
    return ids.map((id) => {
      const entry = table.entries.get(id);
      return entry ? jobOf(entry, bodies) : null;
    });
  }

  list(query: ListQuery): Promise<JobPage> {
    const { table, bodies, pause } = this.options;
    return findPage(table, bodies, query, pause);
  }

  counts(): JobCounts {
    const { table, pulse } = this.options;
    pulse.followClock();
    return countJobs(table);
  }

  explain(ids: string[]): (Explanation | null)[] {
    const { table, clock, claims, pulse } = this.options;
    pulse.followClock();
    const now = clock.now();
    table.admission.refresh(table, now);
    const context = { now, hasWorker: (type: string) => claims.hasWorker(type) };
    return ids.map((id) => {
      const entry = table.entries.get(id);
      return entry ? explainEntry(table, entry, context) : null;
    });
  }

  definitions(kind: DefinitionKind | undefined): Definition[] {
    const { table, pulse } = this.options;
    pulse.followClock();
    return table.definitions.list(kind).map((definition) => {
      const state = definition.kind === 'schedule' ? table.schedules.stateOf(definition.name) : undefined;
      return state ? { ...definition, state: state as unknown as Json } : definition;
    });
  }

  history(query: HistoryQuery): Promise<HistoryResult> {
    const { table, clock, pause } = this.options;
    return readHistory(table.history, query, clock.now(), pause);
  }

  metrics(): StoreMetrics {
    const { table, clock, claims, pulse } = this.options;
    pulse.followClock();
    return metricsOf(table, claims.known, clock.now());
  }

  health(): StoreHealth {
    const { table, claims, machine } = this.options;
    const gates = problemsOfGates(table.definitions, machine);
    const checks = [
      checkWorkers(table, claims.known),
      ...gates.map((message): HealthCheck => ({ name: 'gates', status: 'degraded', message })),
    ];
    return storeHealth(checks, { jobs: table.size, seq: table.seq });
  }
}
