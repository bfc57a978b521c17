/** Checks the trace context of a new job. */
import type { Issue } from '../errors';
import type { TraceContext } from '../job';

/** https://www.w3.org/TR/trace-context/#traceparent-header; ids of zeros mean none, version ff is not allowed. */
const TRACEPARENT = /^(?!ff)[0-9a-f]{2}-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}$/;
/** Printable ASCII; what must be propagated at least: https://www.w3.org/TR/trace-context/#tracestate-limits. */
const TRACESTATE = /^[\x20-\x7e]{1,512}$/;

/** A copy of it, if it is one; otherwise the issues get what is wrong. */
export function acceptTrace(
  value: unknown,
  at: readonly (string | number)[],
  issues: Issue[],
): TraceContext | undefined {
  const { traceparent, tracestate } = (value ?? {}) as Partial<Record<keyof TraceContext, unknown>>;
  const wrong = (field: keyof TraceContext, message: string): undefined => {
    issues.push({ path: [...at, 'trace', field], message });
  };
  if (typeof traceparent !== 'string' || !TRACEPARENT.test(traceparent))
    return wrong('traceparent', 'must be a traceparent as the W3C defines it');
  if (tracestate === undefined) return { traceparent };
  if (typeof tracestate !== 'string' || !TRACESTATE.test(tracestate))
    return wrong('tracestate', 'must be a tracestate of at most 512 characters');
  return { traceparent, tracestate };
}
