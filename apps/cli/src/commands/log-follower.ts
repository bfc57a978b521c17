/**
 * A job's log lines reach a follower twice: in its record and in events. This prints each once.
 *
 * @module
 */
import type { JobLog } from '@leviathan/core';

/** Lines of which this many others were seen since cannot come again: a record keeps 100, a batch of events hardly more. */
const REMEMBERED = 5_000;

/** Remembers what was printed, by content and count, because equal lines may be logged in one millisecond. */
export class LogFollower {
  private readonly printed = new Map<string, number>();
  private readonly heard = new Map<string, number>();

  constructor(private readonly print: (logs: JobLog[]) => Promise<void>) {}

  /** Prints the lines of a record that were not printed yet, and of those only the last `tail`, if given. */
  async record(logs: readonly JobLog[], tail?: number): Promise<void> {
    const seen = new Map<string, number>();
    const fresh = this.fresh(logs, seen);
    await this.print(tail === undefined ? fresh : fresh.slice(Math.max(0, fresh.length - tail)));
  }

  /** Prints the lines of an event that were not printed yet. */
  async events(logs: readonly JobLog[]): Promise<void> {
    await this.print(this.fresh(logs, this.heard));
  }

  private fresh(logs: readonly JobLog[], counted: Map<string, number>): JobLog[] {
    return logs.filter((log) => {
      const key = JSON.stringify([log.at, log.level, log.message, log.fields]);
      const times = (counted.get(key) ?? 0) + 1;
      remember(counted, key, times);
      if (times <= (this.printed.get(key) ?? 0)) return false;
      remember(this.printed, key, times);
      return true;
    });
  }
}

function remember(map: Map<string, number>, key: string, times: number): void {
  map.set(key, times);
  if (map.size > REMEMBERED) for (const oldest of map.keys()) return void map.delete(oldest);
}
