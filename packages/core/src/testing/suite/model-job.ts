import type { FailureReason, JobStatus, Json } from '../../job';

/** A job in the model: what of a real job the model can foretell. */
export interface ModelJob {
  id: string;
  type: string;
  status: JobStatus;
  priority: number;
  data: Json;
  attempt: number;
  maxAttempts: number;
  maxCrashes: number;
  retries: number;
  crashes: number;
  progress: number;
  detail?: Json;
  checkpoint?: Json;
  stuck?: boolean;
  logs: string[];
  /** Number of the attempt and name of the error. */
  errors: [number, string][];
  runAt?: number;
  dependsOn: string[];
  /** Parents that have not completed since this job was added. */
  waitingFor: string[];
  key?: string;
  tags: string[];
  worker?: string;
  cancelling?: boolean;
  result?: Json;
  reason?: FailureReason;
}

/** What an event of a recorded change must say. */
export type ModelEvent = [kind: string, id: string | undefined];
