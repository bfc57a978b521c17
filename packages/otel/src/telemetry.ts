/**
 * The middleware: a span around adding, one around each handler, and what is measured of both.
 *
 * @module
 */
import type { AddResult, ClaimedJob, ClaimRequest, JobContext, JobSpec, Middleware, Next } from '@leviathan/core';
import type { Context, Span, Tracer } from '@opentelemetry/api';
import type { Api } from './api';
import { ADD, attemptAttributes, destinationOf, errorType, operation, RUN } from './attributes';
import type { Measurements } from './measurements';
import { carrierOf, spanContextOf } from './trace-context';

/** See the module. */
export class Telemetry implements Middleware {
  /** @param isLinked Attempts have traces of their own, with a link to the span that added the job */
  constructor(
    private readonly api: Api,
    private readonly tracer: Tracer,
    private readonly measurements: Measurements,
    private readonly isLinked: boolean,
  ) {}

  async enqueue(specs: JobSpec[], next: Next<JobSpec[], AddResult[]>): Promise<AddResult[]> {
    const { api } = this;
    const destination = destinationOf(specs);
    const attributes = operation(ADD, destination);
    const span = this.tracer.startSpan(nameOf(ADD.name, destination), {
      kind: api.SpanKind.PRODUCER,
      attributes: { ...attributes, ...(specs.length !== 1 && { 'messaging.batch.message_count': specs.length }) },
    });
    const began = performance.now();
    let error: string | undefined;
    try {
      const trace = carrierOf(api, span.spanContext());
      const traced = trace ? specs.map((spec) => ({ trace, ...spec })) : specs;
      const results = await api.context.with(api.trace.setSpan(api.context.active(), span), () => next(traced));
      const [only] = results;
      if (only && results.length === 1) span.setAttribute('messaging.message.id', only.id);
      return results;
    } catch (thrown) {
      error = errorType(thrown);
      this.fail(span, thrown, error);
      throw thrown;
    } finally {
      span.end();
      this.measurements.added(specs.length, secondsSince(began), attributes, error);
    }
  }

  async claim(request: ClaimRequest, next: Next<ClaimRequest, ClaimedJob[]>): Promise<ClaimedJob[]> {
    const claimed = await next({ ...request, timed: true });
    for (const { job, waited } of claimed) this.measurements.claimed(operation(RUN, job.type), waited);
    return claimed;
  }

  async run(context: JobContext, next: Next<JobContext, unknown>): Promise<unknown> {
    const { api, measurements } = this;
    const attributes = operation(RUN, context.job.type);
    const { span, parent } = this.startAttempt(context);
    measurements.started(attributes);
    const began = performance.now();
    let error: string | undefined;
    try {
      const result = await api.context.with(api.trace.setSpan(parent, span), () => next());
      // Who returns when the time is over has failed.
      const reason = abortReason(context);
      if (reason !== undefined && errorType(reason) === 'TIMEOUT') {
        error = 'TIMEOUT';
        this.fail(span, reason, error);
      }
      return result;
    } catch (thrown) {
      // What is thrown after an abort is an echo of it.
      const fault = abortReason(context) ?? thrown;
      error = errorType(fault);
      this.fail(span, fault, error);
      throw thrown;
    } finally {
      span.end();
      measurements.ended(secondsSince(began), attributes, error);
    }
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

function abortReason({ signal }: JobContext): unknown {
  return signal.aborted ? signal.reason : undefined;
}

function nameOf(operationName: string, destination: string | undefined): string {
  return destination === undefined ? operationName : `${operationName} ${destination}`;
}

function secondsSince(began: number): number {
  return (performance.now() - began) / 1000;
}
