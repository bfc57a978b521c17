import type { StoreMetrics } from '@leviathan/core';
import { expect, it } from 'vitest';
import { TestCli } from '../testing/cli';

it('leviathan metrics prints the counters for Prometheus, or as JSON', async () => {
  const cli = new TestCli();
  await cli.store.add([
    { type: 'a', data: null },
    { type: 'a', data: null },
  ]);
  const { code, lines } = await cli.run(['metrics']);
  expect(code).toBe(0);
  expect(lines).toContain('# TYPE leviathan_jobs_added_total counter');
  expect(lines).toContain('leviathan_jobs_added_total{type="a"} 2');
  expect((await cli.run(['metrics', '--json'])).json<StoreMetrics>().types.a).toMatchObject({ added: 2, started: 0 });
});
