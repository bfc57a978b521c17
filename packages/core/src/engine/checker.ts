/**
 * Checks of single values.
 *
 * @module
 */
import type { Issue } from '../errors';
import { type BackoffSpec, type JobSpec, UNIQUE_MODES, type Unique } from '../job';
import { isSafeId } from './safe-id';
import { MAX_TIME } from './time';

const MAX_NEEDS = 16;

/** A {@link Unique}, checked. `wait`: milliseconds of quiet, or of the window. */
export type UniqueRule =
  | { mode: 'keep' | 'reject' | 'replace' | 'rerun' | 'merge' }
  | { mode: 'debounce'; wait: number; maxWait?: number | undefined }
  | { mode: 'throttle'; wait: number };

/** Collects issues below one path. */
export class Checker {
  constructor(
    private readonly at: (string | number)[],
    private readonly issues: Issue[],
  ) {}

  fail(field: string | (string | number)[], message: string): false {
    this.issues.push({ path: [...this.at, ...(Array.isArray(field) ? field : [field])], message });
    return false;
  }

  integer(field: string, value: unknown, min: number, max: number): boolean {
    if (Number.isInteger(value) && (value as number) >= min && (value as number) <= max) return true;
    return this.fail(field, `must be an integer from ${min} to ${max}, not ${show(value)}`);
  }

  time(field: string, value: unknown): boolean {
    if (typeof value === 'number' && Math.abs(value) <= MAX_TIME) return true;
    return this.fail(field, `must be a time in epoch milliseconds, not ${show(value)}`);
  }

  text(field: string | (string | number)[], value: unknown, max: number): boolean {
    if (typeof value === 'string' && value.length > 0 && value.length <= max) return true;
    return this.fail(field, `must be a text of 1 to ${max} characters`);
  }

  texts(field: string, value: unknown, maxCount: number, maxLength: number): value is string[] {
    if (!Array.isArray(value) || value.length > maxCount)
      return this.fail(field, `must be a list of at most ${maxCount} texts`);
    return value.map((text, i) => this.text([field, i], text, maxLength)).every(Boolean);
  }

  needs(value: unknown): value is Record<string, number> {
    if (typeof value !== 'object' || value === null || Array.isArray(value))
      return this.fail('needs', 'must be an object of pools, each with how much of it');
    const pools = Object.keys(value);
    if (pools.length === 0 || pools.length > MAX_NEEDS) return this.fail('needs', `must name 1 to ${MAX_NEEDS} pools`);
    return pools
      .map((pool) => {
        const amount = (value as Record<string, unknown>)[pool];
        if (!isSafeId(pool)) return this.fail(['needs', pool], 'is no name of a pool');
        if (typeof amount === 'number' && amount > 0 && Number.isFinite(amount)) return true;
        return this.fail(['needs', pool], `must be a number above 0, not ${show(amount)}`);
      })
      .every(Boolean);
  }

  backoff(value: unknown): boolean {
    if (typeof value !== 'object' || value === null) return this.fail('backoff', 'must be an object { type, delay }');
    const { type, delay, factor, max, jitter } = value as Partial<BackoffSpec>;
    return [
      type === 'fixed' || type === 'exponential' || this.fail(['backoff', 'type'], `must be 'fixed' or 'exponential'`),
      this.duration(['backoff', 'delay'], delay),
      max === undefined || this.duration(['backoff', 'max'], max),
      factor === undefined ||
        between(factor, 1, 100) ||
        this.fail(['backoff', 'factor'], 'must be a number from 1 to 100'),
      jitter === undefined || between(jitter, 0, 1) || this.fail(['backoff', 'jitter'], 'must be a number from 0 to 1'),
    ].every(Boolean);
  }

  unique(value: Unique, { key, dependsOn, runAt }: JobSpec): UniqueRule | undefined {
    const rule = uniqueRule(value);
    if (!rule) {
      const modes = UNIQUE_MODES.filter((mode) => mode !== 'debounce' && mode !== 'throttle').join(', ');
      this.fail('unique', `must be ${modes}, { debounce: ms, maxWait?: ms } or { throttle: ms }`);
      return undefined;
    }
    if (key === undefined) this.fail('unique', 'needs a key');
    const keeps = rule.mode === 'keep' || rule.mode === 'reject' || rule.mode === 'throttle';
    // What a job waits for cannot be changed once it is there.
    if (dependsOn !== undefined && !keeps) this.fail('unique', `cannot be ${rule.mode} together with dependsOn`);
    if (runAt !== undefined && rule.mode === 'debounce')
      this.fail('unique', 'cannot be debounce together with a time to run');
    return rule;
  }

  private duration(field: string[], value: unknown): boolean {
    return (
      between(value, 0, Number.MAX_SAFE_INTEGER) ||
      this.fail(field, `must be milliseconds, 0 or more, not ${show(value)}`)
    );
  }
}

function uniqueRule(value: unknown): UniqueRule | undefined {
  if (typeof value === 'string') {
    const timed = value === 'debounce' || value === 'throttle';
    return !timed && (UNIQUE_MODES as readonly string[]).includes(value) ? ({ mode: value } as UniqueRule) : undefined;
  }
  if (typeof value !== 'object' || value === null) return undefined;
  const { debounce, maxWait, throttle } = value as { debounce?: unknown; maxWait?: unknown; throttle?: unknown };
  const names = Object.keys(value).sort().join();
  if (names === 'throttle' && isWait(throttle)) return { mode: 'throttle', wait: throttle };
  if (names === 'debounce' && isWait(debounce)) return { mode: 'debounce', wait: debounce };
  if (names === 'debounce,maxWait' && isWait(debounce) && isWait(maxWait))
    return { mode: 'debounce', wait: debounce, maxWait };
  return undefined;
}

function isWait(value: unknown): value is number {
  return Number.isInteger(value) && (value as number) >= 1 && (value as number) <= MAX_TIME;
}

function between(value: unknown, min: number, max: number): boolean {
  return typeof value === 'number' && value >= min && value <= max;
}

function show(value: unknown): string {
  return typeof value === 'string' ? JSON.stringify(value.slice(0, 40)) : String(value).slice(0, 40);
}
