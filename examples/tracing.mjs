/** A trace goes on from the request that adds a job to the handler that runs it, and from there to the jobs that the handler adds. */
import { defineProcessor, Leviathan, MemoryStore, pluginMiddleware, Queue } from '@leviathan/core';
import { openTelemetry } from '@leviathan/otel';
import { context, trace } from '@opentelemetry/api';
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks';
import { BasicTracerProvider, InMemorySpanExporter, SimpleSpanProcessor } from '@opentelemetry/sdk-trace-base';
import { z } from 'zod';

// Your program's own SDK, which sends spans to a collector; this one keeps them.
const exporter = new InMemorySpanExporter();
trace.setGlobalTracerProvider(new BasicTracerProvider({ spanProcessors: [new SimpleSpanProcessor(exporter)] }));
context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());

const store = new MemoryStore();
const plugin = await openTelemetry();
const queue = new Queue({ store, middleware: pluginMiddleware(plugin) });
const input = z.object({});
const mail = defineProcessor({ type: 'mail', input, run: () => 'sent' });
const order = defineProcessor({
  type: 'order',
  input,
  run: async () => {
    const job = await queue.add('mail', {});
    return job.id;
  },
});
const leviathan = new Leviathan({ store, processors: [order, mail], plugins: [plugin] });
await leviathan.start();

await trace.getTracer('shop').startActiveSpan('POST /orders', async (span) => {
  const job = await leviathan.add('order', {});
  span.end();
  await leviathan.wait(await job.result());
});
await leviathan.stop();

const spans = exporter.getFinishedSpans();
console.log('traces:', new Set(spans.map((span) => span.spanContext().traceId)).size);
/** @type {(parent: string | undefined, depth: number) => void} */
const show = (parent, depth) => {
  for (const span of spans.filter(({ parentSpanContext }) => parentSpanContext?.spanId === parent)) {
    console.log('  '.repeat(depth) + span.name);
    show(span.spanContext().spanId, depth + 1);
  }
};
show(undefined, 0);
