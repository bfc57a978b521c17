/** Results for tests. */
import type { Machine } from '../src/machine';
import type { Results, Row } from '../src/result';

export const machine: Machine = {
  cpu: 'Abacus',
  cores: 2,
  memory: 24,
  kernel: 'Linux 6.1',
  fileSystem: 'ext4',
  disk: '/dev/vda (100G)',
  node: '22.1.0',
  versions: { bullmq: '6.7.0' },
  date: '2026-01-02T03:04:05.000Z',
  loadAverage: [0.1, 0.2, 0.3],
  rounds: 3,
  settings: {},
  failures: {},
};

export function row(engine: string, metric: string, median: number | null, more: Partial<Row> = {}): Row {
  return { engine, durability: 'process', metric, unit: 'jobs/s', median, min: median, max: median, ...more };
}

export function results(rows: Row[], more: Partial<Results> = {}): Results {
  return { machine, rows, ratios: [], ...more };
}
