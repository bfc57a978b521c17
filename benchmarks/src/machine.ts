/** What the measurements were made on. */
import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { cpus, loadavg, release, totalmem, type } from 'node:os';
import { promisify } from 'node:util';

const run = promisify(execFile);

export interface Machine {
  cpu: string;
  cores: number;
  /** GiB. */
  memory: number;
  kernel: string;
  fileSystem: string;
  disk: string;
  /** Of the measured processes; all run on the same. */
  node: string;
  /** Of engines and servers. */
  versions: Record<string, string>;
  /** ISO 8601. */
  date: string;
  /** Of 1, 5 and 15 minutes, before the first measurement. */
  loadAverage: number[];
  /** Rounds of each measurement. */
  rounds: number;
  /** The commit that Leviathan was compared with, where it was not compared with other queues. */
  baseline?: string;
  /** How the engines that leave a choice were set up: what was fastest. */
  settings: Record<string, string>;
  /** Why a row has no values. */
  failures: Record<string, string>;
}

/** The part that depends on the machine and the folder alone. */
export async function describeMachine(
  folder: string,
): Promise<Pick<Machine, 'cpu' | 'cores' | 'memory' | 'kernel' | 'fileSystem' | 'disk' | 'date' | 'loadAverage'>> {
  const processors = cpus();
  return {
    cpu: processors[0]?.model.trim() ?? 'unknown',
    cores: processors.length,
    memory: Math.round((totalmem() / 2 ** 30) * 10) / 10,
    kernel: `${type()} ${release()}`,
    ...(await describeDisk(folder)),
    date: new Date().toISOString(),
    loadAverage: loadavg().map((load) => Math.round(load * 100) / 100),
  };
}

async function describeDisk(folder: string): Promise<{ fileSystem: string; disk: string }> {
  try {
    const { stdout } = await run('df', ['--output=source,fstype,size', '-h', folder]);
    const [device = 'unknown', fileSystem = 'unknown', size = '?'] =
      stdout.trim().split('\n').at(-1)?.split(/\s+/) ?? [];
    return { fileSystem, disk: `${device} (${size}, ${kindOf(device)})` };
  } catch {
    return { fileSystem: 'unknown', disk: 'unknown' };
  }
}

/** What Linux knows of a block device. */
function kindOf(device: string): string {
  const name = device.replace(/^\/dev\//, '');
  const base = name.replace(/(?<=nvme\d+n\d+)p\d+$|(?<=^[a-z]+)\d+$/, '');
  const attribute = (file: string): string | undefined => {
    try {
      return readFileSync(`/sys/block/${base}/${file}`, 'utf8').trim();
    } catch {
      return undefined;
    }
  };
  const model = attribute('device/model');
  const rotates = { '0': 'not rotating', '1': 'rotating' }[attribute('queue/rotational') ?? ''];
  const cache = attribute('queue/write_cache');
  return [model, rotates, cache && `cache ${cache}`].filter(Boolean).join(', ') || 'kind unknown';
}
