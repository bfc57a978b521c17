/**
 * How parts of a program are doing.
 *
 * @module
 */
import type { Json } from './job';

/** What may be said of a part, the best first. `stopped`: not started, or stopped in order. */
export const HEALTH_STATUSES = ['ok', 'stopped', 'degraded', 'failed'] as const;

/** One of {@link HEALTH_STATUSES}. */
export type HealthStatus = (typeof HEALTH_STATUSES)[number];

/** One thing that was looked at. */
export interface HealthCheck {
  /** Of a store: `journal`, `folders`, `disk`, `workers`, `gates` or `connection`, as far as it has them. */
  name: string;
  /** `degraded`: it works, and needs attention. `failed`: it does not. */
  status: 'ok' | 'degraded' | 'failed';
  /** A sentence for people: what is wrong, or how it is. */
  message: string;
  /** For programs. */
  facts?: Record<string, Json>;
}

/** How the store is doing. */
export interface StoreHealth {
  /** The worst of the checks. */
  status: HealthCheck['status'];
  /** The messages of the checks that are not `ok`. */
  problems: string[];
  checks: HealthCheck[];
  /** Facts for people: role, segment, lag, sizes. */
  details: Record<string, Json>;
}

/** The worst of some statuses; `ok` when there are none. */
export function worstStatus<S extends HealthStatus>(statuses: readonly S[]): S | 'ok' {
  return statuses.reduce<S | 'ok'>(
    (worst, status) => (HEALTH_STATUSES.indexOf(status) > HEALTH_STATUSES.indexOf(worst) ? status : worst),
    'ok',
  );
}

/** What some checks say together. */
export function storeHealth(checks: HealthCheck[], details: Record<string, Json> = {}): StoreHealth {
  return {
    status: worstStatus(checks.map(({ status }) => status)),
    problems: checks.flatMap(({ status, message }) => (status === 'ok' ? [] : [message])),
    checks,
    details,
  };
}
