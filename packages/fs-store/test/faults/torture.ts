/**
 * Every fault at every call of every workload: all of them, or as many as there is time for, chosen by a seed.
 *
 * @module
 */
import { fsStore } from '../../src/fs-store';
import { randomFrom } from '../../src/testing/random';
import { MemoryFiles } from '../support/memory-files';
import { MemorySite } from '../support/memory-site';
import { WORKLOADS, type Workload } from '../support/workloads/index';
import { type FaultCase, MODES, nameOfCase } from './fault-case';
import { FAULT_NAMES, type FaultName, mayHave, platformOf } from './fault-table';
import { type CaseReport, type Recording, type Result, record, runCase } from './run-case';

/** What to do. */
export interface InjectOptions {
  seed: number;
  /** How many cases; 0: all. */
  cases: number;
  /** Hears of each failure, and now and then how far it is. */
  log?: (line: string) => void;
  workloads?: readonly Workload[];
  /** Only cases whose names hold this text: the name that a report gives runs that case again. */
  only?: string;
  /** See {@link FaultCase}. */
  defect?: FaultCase['defect'];
}

/** A case that went wrong. */
export interface Failure {
  /** With it as `InjectOptions.only` the case runs again. */
  name: string;
  problems: string[];
}

/** What came of it. */
export interface InjectReport {
  seed: number;
  /** Cases that ran, and that there are. */
  ran: number;
  all: number;
  byFault: Record<FaultName, Record<Result, number>>;
  failures: Failure[];
}

const DURABILITIES = ['power', 'process'] as const;
/** The log is told how far it is after so many cases. */
const STEP = 2_000;

/** Runs them. A failure is no error: see the report. */
export async function injectAll({
  seed,
  cases,
  log,
  workloads = WORKLOADS,
  only,
  defect,
}: InjectOptions): Promise<InjectReport> {
  const stage = new Stage();
  const chosen = (await stage.all(workloads)).filter((each) => only === undefined || nameOfCase(each).includes(only));
  const all = chosen.length;
  if (cases > 0 && cases < all) sample(chosen, cases, seed);
  const report: InjectReport = { seed, ran: 0, all, byFault: emptyCounts(), failures: [] };
  for (const faultCase of chosen) {
    const outcome = await stage.run(defect ? { ...faultCase, defect } : faultCase);
    report.ran++;
    report.byFault[faultCase.fault][outcome.result]++;
    if (outcome.result === 'wrong') {
      const failure = { name: nameOfCase(faultCase), problems: outcome.problems };
      report.failures.push(failure);
      log?.(`${failure.name}\n  ${failure.problems.join('\n  ')}`);
    }
    if (report.ran % STEP === 0) log?.(`${report.ran} of ${chosen.length} cases, ${report.failures.length} failures`);
  }
  return report;
}

/** The disks that workloads begin with, and what they do there when nothing goes wrong. */
class Stage {
  private readonly templates = new Map<string, MemoryFiles>();
  private readonly recordings = new Map<string, Recording>();

  async all(workloads: readonly Workload[]): Promise<FaultCase[]> {
    const cases: FaultCase[] = [];
    for (const workload of workloads) {
      for (const durability of DURABILITIES) {
        for (const platform of ['linux', 'win32'] as const) {
          const faults = FAULT_NAMES.filter((fault) => platformOf(fault) === platform);
          const { calls } = await this.recording(workload, durability, platform);
          for (const { name, call, args } of calls)
            for (const fault of faults)
              if (mayHave(fault, call, args))
                for (const mode of MODES) cases.push({ workload, durability, call: name, fault, mode });
        }
      }
    }
    return cases;
  }

  async run(faultCase: FaultCase): Promise<CaseReport> {
    const { workload, durability, fault } = faultCase;
    const platform = platformOf(fault);
    const template = await this.template(workload, platform);
    return runCase(faultCase, template, await this.recording(workload, durability, platform));
  }

  private async recording(
    workload: Workload,
    durability: 'power' | 'process',
    platform: NodeJS.Platform,
  ): Promise<Recording> {
    const key = `${workload.name}/${durability}/${platform}`;
    const known =
      this.recordings.get(key) ?? (await record({ workload, durability }, await this.template(workload, platform)));
    this.recordings.set(key, known);
    return known;
  }

  /** An empty store that was opened once, or nothing. */
  private async template({ isFirst }: Workload, platform: NodeJS.Platform): Promise<MemoryFiles> {
    const key = `${isFirst ?? false}/${platform}`;
    const known = this.templates.get(key) ?? (isFirst ? new MemoryFiles(platform) : await emptyStore(platform));
    this.templates.set(key, known);
    return known;
  }
}

async function emptyStore(platform: NodeJS.Platform): Promise<MemoryFiles> {
  const site = new MemorySite(new MemoryFiles(platform), 'power');
  site.time.enter();
  try {
    const store = fsStore({ ...site.options, root: site.root, clock: site.clock });
    await site.time.run('open', store.open(), 10_000);
    await site.time.run('close', store.close(), 10_000);
  } finally {
    site.time.leave();
  }
  // What it synced, and the rest: nothing was cut off.
  return site.disk.copy();
}

/** Leaves so many of them, in an order of chance. */
function sample<T>(list: T[], count: number, seed: number): void {
  const random = randomFrom(seed);
  for (let i = 0; i < count; i++) {
    const j = i + random.below(list.length - i);
    [list[i], list[j]] = [list[j] as T, list[i] as T];
  }
  list.length = count;
}

function emptyCounts(): InjectReport['byFault'] {
  const none = (): Record<Result, number> => ({ refused: 0, retried: 0, unaffected: 0, wrong: 0 });
  return Object.fromEntries(FAULT_NAMES.map((fault) => [fault, none()])) as InjectReport['byFault'];
}
