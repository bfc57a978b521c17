/**
 * What the steps of one attempt share.
 *
 * @module
 */
import { resolve } from 'node:path';
import type { Clock, JobContext } from '@leviathan/core';
import { PermanentDownloadError } from './errors';
import type { OverwriteRule } from './files/publish';
import type { ParsedDownloadInput } from './input';
import { fingerprint, type Owner } from './owner';
import { ProgressReporter } from './progress';
import type { FetchRequest, Protocol } from './protocol';

/** What all downloads share. */
export interface Environment {
  protocols: readonly Protocol[];
  /** Absolute; a job's `to` is relative to it. */
  directory: string;
  clock: Clock;
}

/** The part of a job's context that a download uses. */
export type DownloadContext = Pick<
  JobContext<ParsedDownloadInput>,
  'job' | 'input' | 'lastCheckpoint' | 'signal' | 'progress' | 'log' | 'checkpoint'
>;

/** One attempt of one download. */
export interface Attempt {
  readonly ctx: DownloadContext;
  readonly input: ParsedDownloadInput;
  readonly url: URL;
  readonly owner: Owner;
  /** Absolute path of the folder that the file goes to. */
  readonly folder: string;
  readonly rule: OverwriteRule;
  readonly protocol: Protocol;
  readonly request: FetchRequest;
  readonly progress: ProgressReporter;
  readonly clock: Clock;
  /** Seconds since the attempt began. */
  seconds(): number;
}

/** Begins an attempt; its progress reporter runs until it is stopped. */
export function beginAttempt({ protocols, directory, clock }: Environment, ctx: DownloadContext): Attempt {
  const { input } = ctx;
  const url = new URL(input.url);
  const protocol = protocols.find(({ schemes }) => schemes.includes(url.protocol));
  if (protocol === undefined) throw new PermanentDownloadError('BAD_REQUEST', `${url.protocol} is not supported.`);
  const began = clock.monotonic();
  return {
    ctx,
    input,
    url,
    owner: { job: ctx.job.id, source: fingerprint(url) },
    folder: resolve(directory, input.to ?? '.'),
    rule: input.overwrite ?? 'rename',
    protocol,
    request: {
      url,
      headers: input.headers ?? {},
      maxRedirects: input.maxRedirects ?? 10,
      allowInsecureRedirect: input.allowInsecureRedirect ?? false,
      timeouts: { connect: input.timeouts?.connect ?? 10_000, idle: input.timeouts?.idle ?? 30_000 },
      signal: ctx.signal,
      log: (message) => ctx.log(message),
    },
    progress: new ProgressReporter(ctx, clock),
    clock,
    seconds: () => Math.round(clock.monotonic() - began) / 1000,
  };
}
