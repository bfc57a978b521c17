/**
 * Leviathan's jobs in OpenTelemetry.
 *
 * @module
 */
import { definePlugin, type Plugin } from '@leviathan/core';
import type { MeterProvider, TracerProvider } from '@opentelemetry/api';
import { loadApi } from './api';
import { JobsGauge, Measurements } from './measurements';
import { Telemetry } from './telemetry';

const NAME = '@leviathan/otel';

/** Options of {@link openTelemetry}. */
export interface OpenTelemetryOptions {
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

/**
 * A plugin with traces across the call that adds a job and the handlers that run it, in whichever processes, and with metrics; through
 * `@opentelemetry/api` and the SDK that the program registered. Where the API is not installed the plugin is empty, and nothing is called.
 *
 * @example
 * ```ts
 * const leviathan = new Leviathan({ store: fsStore(), processors: [resize], plugins: [await openTelemetry()] });
 * ```
 */
export async function openTelemetry(options: OpenTelemetryOptions = {}): Promise<Plugin<readonly []>> {
  const api = await loadApi();
  if (!api) return definePlugin({ name: NAME, description: 'Nothing: @opentelemetry/api is not installed.' });
  const { attempts = 'child', tracerProvider = api.trace, meterProvider = api.metrics } = options;
  const meter = meterProvider.getMeter(NAME);
  const telemetry = new Telemetry(api, tracerProvider.getTracer(NAME), new Measurements(meter), attempts === 'link');
  return definePlugin({
    name: NAME,
    description: 'Traces and metrics through OpenTelemetry.',
    middleware: telemetry,
    services: [new JobsGauge(meter)],
  });
}
