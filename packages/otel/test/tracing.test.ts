import { defineProcessor, Leviathan, MemoryStore, UnrecoverableError } from '@leviathan/core';
import { SpanKind, SpanStatusCode, trace } from '@opentelemetry/api';
import { describe, expect, it, onTestFinished } from 'vitest';
import { z } from 'zod';
import { type OpenTelemetryOptions, openTelemetry } from '../src/index';
import { sdk } from './sdk';

const input = z.object({ n: z.number() });

async function started(options: OpenTelemetryOptions = {}) {
  const otel = sdk();
  const { tracerProvider, meterProvider } = otel;
  const plugin = await openTelemetry({ tracerProvider, meterProvider, ...options });
  const half = defineProcessor({
    type: 'half',
    input,
    run: async ({ input: { n } }) => {
      if (n % 2 === 1) throw new UnrecoverableError('odd');
      return n / 2;
    },
  });
  const active = defineProcessor({
    type: 'active',
    input,
    run: async () => {
      await Promise.resolve();
      return trace.getActiveSpan()?.spanContext() ?? null;
    },
  });
  const slow = defineProcessor({
    type: 'slow',
    input,
    run: ({ signal }) => new Promise((resolve) => signal.addEventListener('abort', () => resolve('late'))),
  });
  const processors = [half, active, slow] as const;
  const leviathan = new Leviathan({ store: new MemoryStore(), processors, plugins: [plugin] });
  onTestFinished(() => leviathan.stop());
  await leviathan.start();
  return { ...otel, leviathan };
}

describe('a job', () => {
  it('has a span where it was added and, in the same trace, one where it ran', async () => {
    const { leviathan, spans } = await started();
    const job = await leviathan.add('half', { n: 4 }, { id: 'four' });
    expect(await job.result()).toBe(2);
    const [added] = spans('add half');
    const [ran] = spans('run half');
    expect(added?.kind).toBe(SpanKind.PRODUCER);
    expect(added?.attributes).toEqual({
      'messaging.system': 'leviathan',
      'messaging.operation.name': 'add',
      'messaging.operation.type': 'send',
      'messaging.destination.name': 'half',
      'messaging.message.id': 'four',
    });
    expect(ran?.kind).toBe(SpanKind.CONSUMER);
    expect(ran?.attributes).toEqual({
      'messaging.system': 'leviathan',
      'messaging.operation.name': 'run',
      'messaging.operation.type': 'process',
      'messaging.destination.name': 'half',
      'messaging.message.id': 'four',
      'messaging.client.id': leviathan.worker?.name,
      'leviathan.job.attempt': 1,
      'leviathan.job.priority': 5,
    });
    const { traceId, spanId } = added?.spanContext() ?? {};
    expect(ran?.parentSpanContext).toMatchObject({ traceId, spanId, isRemote: true });
    expect((await leviathan.get('four'))?.trace).toEqual({ traceparent: `00-${traceId}-${spanId}-01` });
    expect([added?.status.code, ran?.status.code]).toEqual([SpanStatusCode.UNSET, SpanStatusCode.UNSET]);
  });

  it('is added as part of the trace that is active, which its handler is in as well', async () => {
    const { leviathan, spans, tracerProvider } = await started();
    const result = await tracerProvider.getTracer('test').startActiveSpan('request', async (span) => {
      const job = await leviathan.add('active', { n: 1 });
      span.end();
      return job.result();
    });
    const [request] = spans('request');
    expect(spans('add active')[0]?.parentSpanContext?.spanId).toBe(request?.spanContext().spanId);
    const { traceId, spanId } = spans('run active')[0]?.spanContext() ?? {};
    expect(result).toMatchObject({ traceId: request?.spanContext().traceId, spanId });
    expect(traceId).toBe(request?.spanContext().traceId);
  });

  it('may have a trace of its own, with a link to the span that added it', async () => {
    const { leviathan, spans } = await started({ attempts: 'link' });
    await (await leviathan.add('half', { n: 4 })).result();
    const added = spans('add half')[0]?.spanContext();
    const [ran] = spans('run half');
    expect(ran?.parentSpanContext).toBeUndefined();
    expect(ran?.spanContext().traceId).not.toBe(added?.traceId);
    expect(ran?.links).toMatchObject([{ context: { traceId: added?.traceId, spanId: added?.spanId } }]);
  });

  it('that carries no trace has a span all the same', async () => {
    const { leviathan, spans } = await started();
    await leviathan.queue.store.add([{ type: 'half', data: { n: 4 }, id: 'bare' }]);
    await leviathan.wait('bare');
    expect(spans('run half')[0]).toMatchObject({ links: [] });
    expect(spans('run half')[0]?.parentSpanContext).toBeUndefined();
  });
});

describe('several jobs that are added at once', () => {
  it('have one span, with their number', async () => {
    const { leviathan, spans } = await started();
    const jobs = await leviathan.addMany([
      { type: 'half', data: { n: 2 } },
      { type: 'active', data: { n: 4 } },
    ]);
    for (const job of jobs) await job.result();
    const [added] = spans('add');
    expect(added?.attributes).toMatchObject({ 'messaging.batch.message_count': 2 });
    expect(added?.attributes).not.toHaveProperty('messaging.destination.name');
    const parents = [...spans('run half'), ...spans('run active')].map((span) => span.parentSpanContext?.spanId);
    expect(parents).toEqual([added?.spanContext().spanId, added?.spanContext().spanId]);
  });
});

describe('what goes wrong', () => {
  it('in a handler stands in its span, as status and event', async () => {
    const { leviathan, spans } = await started();
    await (await leviathan.add('half', { n: 3 })).wait();
    const [ran] = spans('run half');
    expect(ran?.status).toEqual({ code: SpanStatusCode.ERROR, message: 'odd' });
    expect(ran?.attributes['error.type']).toBe('UNRECOVERABLE');
    expect(ran?.events).toMatchObject([{ name: 'exception', attributes: { 'exception.message': 'odd' } }]);
  });

  it('is a handler that returns when its time is over', async () => {
    const { leviathan, spans } = await started();
    await (await leviathan.add('slow', { n: 1 }, { timeout: 5, attempts: 1 })).wait();
    expect(spans('run slow')[0]).toMatchObject({
      status: { code: SpanStatusCode.ERROR },
      attributes: { 'error.type': 'TIMEOUT' },
    });
  });

  it('in adding stands in its span', async () => {
    const { leviathan, spans } = await started();
    await leviathan.add('half', { n: 2 }, { id: 'twice' });
    await expect(leviathan.add('half', { n: 2 }, { id: 'twice', onDuplicate: 'reject' })).rejects.toThrow();
    const [, second] = spans('add half');
    expect(second?.status.code).toBe(SpanStatusCode.ERROR);
    expect(second?.attributes['error.type']).toBe('DUPLICATE');
  });
});
