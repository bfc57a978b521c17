/**
 * From a span to the trace context that a job carries, and back. Always the W3C's, whichever propagator the program uses for other things: what
 * is written today may be read by another program in a month.
 *
 * @module
 */
import type { TraceContext } from '@leviathan/core';
import type { SpanContext } from '@opentelemetry/api';
import type { Api } from './api';

/** The trace context of a span; `undefined` when it belongs to no trace, as where no SDK is registered. */
export function carrierOf(api: Api, span: SpanContext): TraceContext | undefined {
  if (!api.isSpanContextValid(span)) return undefined;
  const flags = span.traceFlags.toString(16).padStart(2, '0');
  const traceparent = `00-${span.traceId}-${span.spanId}-${flags}`;
  const tracestate = span.traceState?.serialize();
  return tracestate ? { traceparent, tracestate } : { traceparent };
}

/** The span that added the job. */
export function spanContextOf(api: Api, { traceparent, tracestate }: TraceContext): SpanContext | undefined {
  const [, traceId = '', spanId = '', flags = ''] = traceparent.split('-');
  const span: SpanContext = { traceId, spanId, traceFlags: Number.parseInt(flags, 16), isRemote: true };
  if (tracestate !== undefined) span.traceState = api.createTraceState(tracestate);
  return api.isSpanContextValid(span) ? span : undefined;
}
