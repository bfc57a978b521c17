import { statSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { FolderHost, type HostOptions } from './testing/folder-host';

async function started(options: Omit<HostOptions, 'clock'> = {}): Promise<FolderHost> {
  const host = new FolderHost(options);
  await host.view.start();
  return host;
}

describe('the folders', () => {
  it('show each job in the folder of its state', async () => {
    const host = await started();
    await host.add(['a', 'b', 'c', 'd']);
    await host.settle();
    expect(host.names()).toEqual(['pending/a.json', 'pending/b.json', 'pending/c.json', 'pending/d.json']);
    const [a, b, c] = await host.claim(3);
    await host.settle();
    expect(host.names()).toEqual(['active/a.json', 'active/b.json', 'active/c.json', 'pending/d.json']);
    await host.complete([a as { id: string; token: string }]);
    await host.fail([b as { id: string; token: string }]);
    await host.settle();
    expect(host.names()).toEqual(['active/c.json', 'completed/a.json', 'failed/b.json', 'pending/d.json']);
    expect(await host.differences()).toEqual([]);
    expect(host.read('completed', 'a')).toMatchObject({ status: 'completed', result: 'of a' });
    if (process.platform !== 'win32') expect(statSync(host.path('failed', 'b')).mode & 0o777).toBe(0o600);
    expect(c?.id).toBe('c');
  });
});
