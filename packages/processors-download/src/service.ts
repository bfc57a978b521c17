/**
 * The connections of all downloads, as a service that starts and stops with the program.
 *
 * @module
 */
import { resolve } from 'node:path';
import { type Clock, type Service, type ServiceHealth, systemClock, type Timer } from '@leviathan/core';
import type { DownloadContext, Environment } from './attempt';
import type { DownloadResult } from './input';
import { HttpProtocol } from './protocols/http/http';
import { type ConnectOptions, HttpPool } from './protocols/http/pool';
import { runDownload } from './run';

/** Time for a download that lost its connection to record how far it came. */
const GRACE_MS = 1_000;

/** Options of all downloads of a program. */
export interface DownloadsOptions {
  /** Folder for files of jobs that name none, and what a relative `to` is relative to; `./downloads` by default. */
  directory?: string;
  /** Jobs that one worker downloads at once; 5 by default. */
  concurrency?: number;
  /** How connections are made. */
  connect?: ConnectOptions;
  /** Where the time comes from; the machine's clock by default. */
  clock?: Clock;
}

/** Runs downloads and owns what they share. Works without being started; stopping closes every connection. */
export class DownloadService implements Service {
  readonly name = 'downloads';
  /** Absolute path of the default folder. */
  readonly directory: string;
  private readonly pool: HttpPool;
  private readonly clock: Clock;
  private readonly environment: Environment;
  private readonly active = new Set<Promise<DownloadResult>>();
  private status: ServiceHealth['status'] = 'stopped';

  constructor(options: DownloadsOptions = {}) {
    this.directory = resolve(options.directory ?? 'downloads');
    this.clock = options.clock ?? systemClock;
    this.pool = new HttpPool(options.connect ?? {});
    const protocols = [new HttpProtocol(this.pool, this.clock)];
    this.environment = { protocols, directory: this.directory, clock: this.clock };
  }

  start(): void {
    this.status = 'ok';
  }

  /** Downloads that still run may end until the deadline; then their connections are closed, and their next attempt resumes. */
  async stop({ deadline }: { deadline: number }): Promise<void> {
    this.status = 'stopped';
    await this.settled((give) => this.clock.at(deadline, give));
    await this.pool.destroy();
    await this.settled((give) => this.clock.after(GRACE_MS, give));
  }

  health(): ServiceHealth {
    return { status: this.status, problems: [], details: { active: this.active.size, directory: this.directory } };
  }

  /** Runs one attempt of a download job. */
  async run(ctx: DownloadContext): Promise<DownloadResult> {
    const running = runDownload(this.environment, ctx);
    this.active.add(running);
    try {
      return await running;
    } finally {
      this.active.delete(running);
    }
  }

  /** Resolves when nothing runs any more, or when the time is up. */
  private settled(limit: (giveUp: () => void) => Timer): Promise<void> {
    return new Promise((resolve) => {
      const timer = limit(resolve);
      Promise.allSettled(this.active).then(() => {
        timer.cancel();
        resolve();
      });
    });
  }
}
