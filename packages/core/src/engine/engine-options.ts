/** What a store puts under the engine. */
import type { Clock } from '../clock';
import type { MachineProbe } from '../resources';
import type { StoreCapabilities } from '../store';
import type { CommitLog } from './committer';
import type { BodySource } from './entry';
import type { EventHub } from './event-hub';
import type { JobTable } from './job-table';
import type { Past } from './past';
import type { Retention } from './retention';
import type { Archiver } from './sweeper';

/** See the file. */
export interface EngineOptions {
  capabilities: StoreCapabilities;
  log: CommitLog;
  bodies: BodySource;
  retention: Retention;
  clock?: Clock;
  maxJobBytes?: number;
  /** Tells gates how the machine is. */
  machine?: MachineProbe;
  /** A filled index, after recovery. */
  table?: JobTable;
  hub?: EventHub;
  /** Takes expired jobs before they leave the index. */
  archive?: Archiver;
  /** What it remembers, if it has the capability `audit`. */
  past?: Past;
  /** Hears of errors that no caller can be told: listeners that threw, sweeps that failed. */
  onError?: (error: unknown) => void;
}
