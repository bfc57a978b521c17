/**
 * Records as the bytes of their lines. Those that happen most (a plain job is added, starts, completes, leaves) are put together from parts that
 * are made once per batch; the others go through their text.
 *
 * @module
 */
import type { JobHead, StoreRecord } from '@leviathan/core/engine';
import { LineEncoder } from './codec';
import { bodyText, metaOf } from './record-line';

const NOTHING = Buffer.alloc(0);
const ID_ENDS = Buffer.from('"}');
const ARCHIVED = Buffer.from('","why":"archived"}');

/** From the number of a record to its id: the same in all of a batch. */
class Opening {
  private at = Number.NaN;
  private more: 1 | undefined;
  private bytes = NOTHING;

  /** @param op Of the record, and what stands between it and the id. */
  constructor(private readonly op: string) {}

  of({ at, more }: StoreRecord): Buffer {
    if (this.at !== at || this.more !== more) {
      this.at = at;
      this.more = more;
      this.bytes = Buffer.from(`,"at":${at}${more ? ',"more":1' : ''},"op":${this.op}`);
    }
    return this.bytes;
  }
}

/** See the module. */
export class RecordEncoder {
  private readonly lines = new LineEncoder();
  private readonly addOpening = new Opening('"add","job":{"id":"');
  private readonly startOpening = new Opening('"start","id":"');
  private readonly completeOpening = new Opening('"complete","id":"');
  private readonly removeOpening = new Opening('"remove","id":"');
  private worker: string | undefined;
  /** From the id to the end of the meta: of a start by that worker, and of a job like that one. */
  private workerEnd: Buffer = NOTHING;
  private job: JobHead | undefined;
  private jobEnd: Buffer = NOTHING;

  /** Where the body of the newest line stands, in bytes from the first of the batch. */
  get bodyStart(): number {
    return this.lines.bodyStart;
  }

  /** In bytes; 0: it has none. */
  get bodyLength(): number {
    return this.lines.bodyLength;
  }

  /** @param synced See {@link metaOf}. */
  add(record: StoreRecord, synced?: number): void {
    const { lines } = this;
    if (synced !== undefined) lines.add(metaOf(record, synced), bodyText(record));
    else if (record.op === 'start') {
      lines.addRecord(record.seq, this.startOpening.of(record), record.id, this.endOfStart(record.worker), '');
    } else if (record.op === 'complete') {
      lines.addRecord(record.seq, this.completeOpening.of(record), record.id, ID_ENDS, record.body);
    } else if (record.op === 'remove' && record.why === 'archived' && record.by === undefined) {
      lines.addRecord(record.seq, this.removeOpening.of(record), record.id, ARCHIVED, '');
    } else if (record.op === 'add' && record.result === undefined && isPlainJob(record.job)) {
      lines.addRecord(record.seq, this.addOpening.of(record), record.job.id, this.endOfJob(record.job), record.body);
    } else lines.add(metaOf(record), bodyText(record));
  }

  /** The lines so far, good until the next call of another method. */
  bytes(): Buffer {
    return this.lines.bytes();
  }

  /** Forgets the lines. */
  clear(): void {
    this.lines.clear();
  }

  private endOfStart(worker: string): Buffer {
    if (this.worker !== worker) {
      this.worker = worker;
      this.workerEnd = Buffer.from(`","worker":${JSON.stringify(worker)}}`);
    }
    return this.workerEnd;
  }

  private endOfJob(job: JobHead): Buffer {
    const { job: last } = this;
    if (!last || !isAlike(last, job)) {
      this.job = job;
      const { type, priority, maxAttempts, maxCrashes } = job;
      this.jobEnd = Buffer.from(`",${JSON.stringify({ type, priority, maxAttempts, maxCrashes }).slice(1)}}`);
    }
    return this.jobEnd;
  }
}

/** How many fields a job has that says nothing but what every job must: `id`, `type`, `priority`, `maxAttempts`, `maxCrashes`. */
const PLAIN = 5;

function isPlainJob(job: JobHead): boolean {
  let fields = 0;
  for (const _field in job) fields++;
  return fields === PLAIN;
}

function isAlike(a: JobHead, b: JobHead): boolean {
  return (
    a.type === b.type && a.priority === b.priority && a.maxAttempts === b.maxAttempts && a.maxCrashes === b.maxCrashes
  );
}
