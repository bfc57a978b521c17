/**
 * Leviathan's jobs in OpenTelemetry.
 *
 * @module
 */
import type { AddResult, Instrumentation, JobContext, JobStore, JobToAdd, TraceContext } from '@leviathan/core';
import type { Context, MeterProvider, Span, Tracer, TracerProvider } from '@opentelemetry/api';
import { type Api, loadApi } from './api';
import { ADD, attemptAttributes, destinationOf, errorType, operation, RUN } from './attributes';
import { Measurements } from './measurements';
import { carrierOf, spanContextOf } from './trace-context';

const SCOPE = '@leviathan/otel';

/** Options of {@link openTelemetry}. */
export interface OpenTelemetryOptions {
  /** Its jobs are counted by type and status each time metrics are collected (`leviathan.jobs`); left out: they are not. */
  store?: Pick<JobStore, 'counts'>;
  /**
   * How the span of an attempt belongs to the one that added the job: as its child (default), in one trace; or with a trace of its own and a
   * `link`, for jobs that run long after.
   */
  attempts?: 'child' | 'link';
  /** The registered one by default. */
  tracerProvider?: TracerProvider;
  /** The registered one by default. */
  meterProvider?: MeterProvider;
}

/** What {@link openTelemetry} makes: to be handed to `new Leviathan({ instrumentation })`. */
export interface OpenTelemetry extends Instrumentation {
  /** The store is observed no more; call it before the store closes. Spans and measurements belong to the SDK, which is shut down by whoever made it. */
  stop(): void;
}

/**
 * Traces across the call that adds a job and the handlers that run it, in whichever processes, and metrics; through `@opentelemetry/api` and the SDK
 * that the program registered.
 *
 * @returns `undefined` when `@opentelemetry/api` is not installed: a Leviathan without instrumentation calls nothing.
 *
 * @example
 * ```ts
 * const store = fsStore();
 * const leviathan = new Leviathan({ store, processors: [resize], instrumentation: await openTelemetry({ store }) });
 * ```
 */
export async function openTelemetry(options: OpenTelemetryOptions = {}): Promise<OpenTelemetry | undefined> {
  const api = await loadApi();
  return api && new Telemetry(api, options);
}

class Telemetry implements OpenTelemetry {
  private readonly tracer: Tracer;
  private readonly measurements: Measurements;
  private readonly isLinked: boolean;

  constructor(
    private readonly api: Api,
    { store, attempts, tracerProvider = api.trace, meterProvider = api.metrics }: OpenTelemetryOptions,
  ) {
    this.tracer = tracerProvider.getTracer(SCOPE);
    this.measurements = new Measurements(meterProvider.getMeter(SCOPE), store);
    this.isLinked = attempts === 'link';
  }

  async enqueue(jobs: readonly JobToAdd[], add: (trace?: TraceContext) => Promise<AddResult[]>): Promise<AddResult[]> {
    const { api } = this;
    const destination = destinationOf(jobs);
    const attributes = operation(ADD, destination);
    const span = this.tracer.startSpan(nameOf(ADD.name, destination), {
      kind: api.SpanKind.PRODUCER,
      attributes: { ...attributes, ...(jobs.length !== 1 && { 'messaging.batch.message_count': jobs.length }) },
    });
    const began = performance.now();
    let error: string | undefined;
    try {
      const context = api.trace.setSpan(api.context.active(), span);
      const results = await api.context.with(context, () => add(carrierOf(api, span.spanContext())));
      const [only] = results;
      if (only && results.length === 1) span.setAttribute('messaging.message.id', only.id);
      return results;
    } catch (thrown) {
      error = errorType(thrown);
      this.fail(span, thrown, error);
      throw thrown;
    } finally {
      span.end();
      this.measurements.added(jobs.length, secondsSince(began), attributes, error);
    }
  }

  run(context: JobContext, handle: () => unknown, waited: number | undefined): unknown {
    const { api, measurements } = this;
    const { job } = context;
    const attributes = operation(RUN, job.type);
    const { span, parent } = this.startAttempt(context);
    measurements.started(attributes, waited);
    const began = performance.now();
    const end = (failed: boolean, thrown?: unknown): void => {
      // A handler that returned although its time was over has failed; one that was cancelled or had to make way threw because of that.
      const reason: unknown = context.signal.aborted ? context.signal.reason : undefined;
      const fault = failed ? (reason ?? thrown) : errorType(reason) === 'TIMEOUT' ? reason : undefined;
      const error = failed || fault !== undefined ? errorType(fault) : undefined;
      if (error !== undefined) this.fail(span, fault, error);
      span.end();
      measurements.ended(secondsSince(began), attributes, error);
    };
    return api.context.with(api.trace.setSpan(parent, span), () => {
      let result: unknown;
      try {
        result = handle();
      } catch (thrown) {
        end(true, thrown);
        throw thrown;
      }
      if (!isThenable(result)) {
        end(false);
        return result;
      }
      return result.then(
        (value) => {
          end(false);
          return value;
        },
        (thrown) => {
          end(true, thrown);
          throw thrown;
        },
      );
    });
  }

  stop(): void {
    this.measurements.stop();
  }

  private startAttempt({ job }: JobContext): { span: Span; parent: Context } {
    const { api } = this;
    const origin = job.trace && spanContextOf(api, job.trace);
    // What is active where the worker happens to be called has nothing to do with the job.
    const parent = origin && !this.isLinked ? api.trace.setSpanContext(api.ROOT_CONTEXT, origin) : api.ROOT_CONTEXT;
    const options = {
      kind: api.SpanKind.CONSUMER,
      attributes: attemptAttributes(job),
      ...(origin && this.isLinked && { links: [{ context: origin }] }),
    };
    return { span: this.tracer.startSpan(nameOf(RUN.name, job.type), options, parent), parent };
  }

  private fail(span: Span, error: unknown, type: string): void {
    const message = error instanceof Error ? error.message : String(error);
    span.recordException(error instanceof Error ? error : message);
    span.setAttribute('error.type', type);
    span.setStatus({ code: this.api.SpanStatusCode.ERROR, message });
  }
}

function nameOf(operationName: string, destination: string | undefined): string {
  return destination === undefined ? operationName : `${operationName} ${destination}`;
}

function secondsSince(began: number): number {
  return (performance.now() - began) / 1000;
}

function isThenable(value: unknown): value is PromiseLike<unknown> {
  return typeof value === 'object' && value !== null && typeof (value as { then?: unknown }).then === 'function';
}
