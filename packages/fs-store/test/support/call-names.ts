/** Names for calls that are the same in each run of a workload: what is done to which file, and how often it was done before. */
import type { Call } from '../../src/testing/faults';
import type { MemoryFiles } from './memory-files';

/** See the file. */
export class CallNames {
  private readonly counts = new Map<string, number>();

  constructor(
    private readonly disk: MemoryFiles,
    private readonly root: string,
  ) {}

  /** To be asked once for each call: `renameSync pending/job-0.json #2`. */
  next(call: Call, args: readonly unknown[]): string {
    const name = `${call} ${this.subject(call, args)}`;
    const nth = (this.counts.get(name) ?? 0) + 1;
    this.counts.set(name, nth);
    return `${name} #${nth}`;
  }

  private subject(call: Call, args: readonly unknown[]): string {
    const [first, second] = args;
    const path = call === 'renameSync' || call === 'linkSync' ? second : first;
    const text = typeof path === 'string' ? path : (this.disk.pathOf(path as number) ?? 'nothing');
    return text === this.root ? '.' : plain(text.slice(this.root.length + 1));
  }
}

/** Without what chance or the process's past put into it. */
function plain(path: string): string {
  return path
    .replaceAll(/[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}/g, 'ID')
    .replaceAll(/\.\d+-\d+\.tmp/g, '.tmp')
    .replaceAll(/owner-[0-9a-f]{8}/g, 'owner');
}
