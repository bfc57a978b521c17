import { defineProcessor } from '@leviathan/core';
import { downloadInput, downloadOutput } from './input';
import { DownloadService, type DownloadsOptions } from './service';

/**
 * The download processor, and the service that owns its connections.
 *
 * @example
 * ```ts
 * const { processor, service } = downloads({ directory: 'downloads' });
 * const leviathan = new Leviathan({ store: fsStore(), processors: [processor], services: [service] });
 * await leviathan.start();
 * const job = await leviathan.add('download', { url: 'https://example.com/big.iso', checksum: 'sha256:…' });
 * const { file } = await job.result();
 * ```
 */
export function downloads(options: DownloadsOptions = {}) {
  const service = new DownloadService(options);
  return { processor: processorOf(service, options.concurrency), service };
}

/** The download processor with default options, for programs that do without the service: files go to `./downloads`. */
export const downloadProcessor = /* @__PURE__ */ downloads().processor;

function processorOf(service: DownloadService, concurrency = 5) {
  return defineProcessor({
    type: 'download',
    description: 'Downloads a file over HTTP or HTTPS: resumes, verifies, and gives it its name when it is complete.',
    input: downloadInput,
    output: downloadOutput,
    defaults: { attempts: 8, backoff: { type: 'exponential', delay: 1_000, factor: 2, max: 300_000, jitter: 0.2 } },
    concurrency,
    run: (ctx) => service.run(ctx),
  });
}
