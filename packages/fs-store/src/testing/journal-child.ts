/**
 * Told `go`, it opens the journal and appends batches as fast as it can until it is killed. What was acknowledged is noted at once in the
 * file `acknowledged`, which survives the kill as the kernel's page cache does.
 */
import { openSync, writeSync } from 'node:fs';
import { type Files, nodeFiles } from '../files';
import { randomFrom } from './random';
import { batch, openJournal } from './records';

const [dir = '', notes = '', durability, seed] = process.argv.slice(2);
const random = randomFrom(Number(seed));

/** Writes in many small pieces, so that a kill often comes in the middle of a batch. */
const files: Files = {
  ...nodeFiles,
  writeSync: (fd, bytes, offset, length) => nodeFiles.writeSync(fd, bytes, offset, Math.min(length, 333)),
};

async function run(): Promise<void> {
  const journal = await openJournal(
    dir,
    {
      durability: durability === 'power' ? 'power' : 'process',
      segmentBytes: 300_000,
    },
    files,
  );
  const fd = openSync(notes, 'w');
  process.send?.('writing');
  for (let round = 0; ; round++) {
    const first = journal.next;
    const last = first + random.below(40);
    journal.append(batch(first, last, 'x'.repeat(random.below(500))));
    const noted = journal.sync().then(() => writeSync(fd, String(last).padStart(16, '0'), 0));
    if (random.below(3) > 0) await noted;
    // Without a sync to wait for, the event loop must still turn now and then.
    if (round % 10 === 0) await new Promise(setImmediate);
  }
}

process.on('message', run);
process.send?.('ready');
