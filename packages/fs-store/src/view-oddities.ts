/** Files in the job folders that are no jobs by their names. */
import { join } from 'node:path';
import type { Clock } from '@leviathan/core';
import type { ErrorDesk } from './error-desk';
import type { Files } from './files';
import { kindOfName } from './layout';
import { removeLeftover } from './leftovers';
import type { Quarantine } from './quarantine';
import { Stillness } from './stillness';
import { TORN_MS } from './view-docs';
import { lookAt } from './view-look';

/** Removes leftovers of dead writers, and puts what nobody understands into quarantine once it has stopped changing. */
export class Oddities {
  private readonly stillness: Stillness;
  private readonly scheduled = new Set<string>();
  private stopped = false;

  constructor(
    private readonly files: Files,
    private readonly clock: Clock,
    private readonly quarantine: Quarantine,
    private readonly errors: ErrorDesk,
  ) {
    this.stillness = new Stillness(clock);
  }

  stop(): void {
    this.stopped = true;
  }

  /** Looks at a name that is no job's. */
  look(folder: string, name: string): void {
    const path = join(folder, name);
    try {
      const kind = kindOfName(name);
      if (kind.kind === 'temporary') removeLeftover(this.files, path, kind.pid);
      else if (kind.kind === 'odd') this.putAway(path, folder, name, kind.message);
    } catch (error) {
      this.errors.report('oddity', `${path} cannot be put away`, error);
    }
  }

  private putAway(path: string, folder: string, name: string, message: string): void {
    const stamp = lookAt(this.files, path);
    const left = stamp ? this.stillness.leftOfFile(path, stamp, TORN_MS) : 0;
    if (stamp && left > 0) {
      this.lookLater(path, folder, name, left);
      return;
    }
    this.stillness.forget(path);
    if (stamp) this.quarantine.put(path, { code: 'NOT_A_JOB_FILE', message });
  }

  private lookLater(path: string, folder: string, name: string, ms: number): void {
    if (this.scheduled.has(path)) return;
    this.scheduled.add(path);
    this.clock.after(ms, () => {
      this.scheduled.delete(path);
      if (!this.stopped) this.look(folder, name);
    });
  }
}
