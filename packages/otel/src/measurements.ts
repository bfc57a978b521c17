/**
 * The metrics.
 *
 * @module
 */
import type { Service, ServiceContext, ServiceHealth } from '@leviathan/core';
import type { Attributes, Meter, ObservableCallback } from '@opentelemetry/api';

/** Seconds; up to a day, since jobs are longer than requests. */
const BOUNDS = [0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1, 5, 10, 30, 60, 300, 900, 3_600, 14_400, 86_400];

/** Makes the instruments, and records what happens in this program. */
export class Measurements {
  private readonly sent;
  private readonly consumed;
  private readonly adding;
  private readonly running;
  private readonly waiting;
  private readonly active;

  constructor(meter: Meter) {
    const seconds = (name: string, description: string) =>
      meter.createHistogram(name, { description, unit: 's', advice: { explicitBucketBoundaries: BOUNDS } });
    const messages = { unit: '{message}' };
    this.sent = meter.createCounter('messaging.client.sent.messages', {
      ...messages,
      description: 'Jobs that this program tried to add.',
    });
    this.consumed = meter.createCounter('messaging.client.consumed.messages', {
      ...messages,
      description: 'Jobs that were started for this program.',
    });
    this.adding = seconds('messaging.client.operation.duration', 'How long adding took.');
    this.running = seconds('messaging.process.duration', 'How long handlers ran.');
    this.waiting = seconds('leviathan.job.wait.duration', 'From when a job could run to the start of its attempt.');
    this.active = meter.createUpDownCounter('leviathan.job.active', {
      unit: '{job}',
      description: 'Handlers that run in this program.',
    });
  }

  /** Jobs were added, or could not be. @param error `error.type`; `undefined` when they were */
  added(count: number, seconds: number, attributes: Attributes, error: string | undefined): void {
    const all = withError(attributes, error);
    this.sent.add(count, all);
    this.adding.record(seconds, all);
  }

  /** A job was started for a worker of this program. @param waited Milliseconds from when it could run, if that is known */
  claimed(attributes: Attributes, waited: number | undefined): void {
    this.consumed.add(1, attributes);
    if (waited !== undefined) this.waiting.record(waited / 1000, attributes);
  }

  /** A handler begins. */
  started(attributes: Attributes): void {
    this.active.add(1, attributes);
  }

  /** An attempt has ended. @param error `error.type`; `undefined` when it succeeded */
  ended(seconds: number, attributes: Attributes, error: string | undefined): void {
    this.active.add(-1, attributes);
    this.running.record(seconds, withError(attributes, error));
  }
}

/** Observes how many jobs there are, each time metrics are collected, from the start to the stop of the program. */
export class JobsGauge implements Service {
  readonly name = 'opentelemetry';
  private stopObserving: (() => void) | undefined;

  constructor(private readonly meter: Meter) {}

  start({ queue }: ServiceContext): void {
    const jobs = this.meter.createObservableUpDownCounter('leviathan.jobs', {
      unit: '{job}',
      description: 'Jobs in the store.',
    });
    const observe: ObservableCallback = async (result) => {
      const { byType } = await queue.counts();
      for (const [type, byStatus] of Object.entries(byType)) {
        for (const [status, count] of Object.entries(byStatus)) {
          result.observe(count, { 'messaging.destination.name': type, 'leviathan.job.status': status });
        }
      }
    };
    jobs.addCallback(observe);
    this.stopObserving = () => jobs.removeCallback(observe);
  }

  stop(): void {
    this.stopObserving?.();
  }

  health(): ServiceHealth {
    return { status: 'ok', problems: [] };
  }
}

function withError(attributes: Attributes, error: string | undefined): Attributes {
  return error === undefined ? attributes : { ...attributes, 'error.type': error };
}
