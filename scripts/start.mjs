/**
 * `npm start [-- URL]`: installs and builds what is missing, then downloads URL through the queue; without one, a sample file
 * that it serves itself. The queue is `.leviathan/jobs` in this repository, or `jobs` in LEVIATHAN_HOME.
 */
import { spawn } from 'node:child_process';
import { createHash, randomUUID } from 'node:crypto';
import { createReadStream, existsSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { ensureBuilt, ensureInstalled, PrepareError } from './lib/prepare.mjs';
import { root } from './lib/repository.mjs';
import { serveSample } from './lib/sample-server.mjs';

const usage =
  'Usage: npm start [-- URL]      downloads URL, or without one a sample file served by this command itself';
const home = resolve(process.env.LEVIATHAN_HOME || join(root, '.leviathan'));
const queue = join(home, 'jobs');
const downloads = join(home, 'downloads');

/** @param {string[]} args @returns {Promise<number>} the exit code */
async function main(args) {
  if (args.includes('--help') || args.includes('-h')) {
    console.log(usage);
    return 0;
  }
  if (args.length > 1 || args[0]?.startsWith('-') || (args[0] !== undefined && !URL.canParse(args[0]))) {
    console.error(`This is not one URL: ${args.join(' ')}\n${usage}`);
    return 2;
  }
  await ensureInstalled();
  await ensureBuilt();
  if (args[0] !== undefined) return download(args[0]);

  const sample = await serveSample({ bytes: 64 * 1024 * 1024, seconds: 3 });
  try {
    console.log(`Serving a sample file of ${sample.bytes / 1024 / 1024} MiB at ${sample.url}`);
    return await download(sample.url, sample.sha256);
  } finally {
    await sample.close();
  }
}

/**
 * Adds the job and waits for its end, with the command's own progress in the terminal.
 *
 * @param {string} url @param {string} [sha256] What the file must hash to.
 */
async function download(url, sha256) {
  // The command draws bars only where its output is a terminal, so it is not read from here: the job is found by its id.
  const id = `job_${new Date().toISOString().slice(0, 10)}_${randomUUID()}`;
  const command = join(root, 'apps', 'cli', 'dist', 'bin.js');
  const args = ['--root', queue, 'add', 'download', url, '--to', downloads, '--id', id, '--wait'];
  const child = spawn(process.execPath, [command, ...args], { stdio: 'inherit' });
  // Ctrl-C reaches the command too: it says what becomes of the job, and this process leaves after it.
  const stay = () => {};
  process.on('SIGINT', stay);
  const code = await new Promise((done, fail) => child.once('error', fail).once('close', (exit) => done(exit ?? 130)));
  process.off('SIGINT', stay);
  if (code !== 0) return code;
  return (await report(join(queue, 'completed', `${id}.json`), sha256)) ? 0 : 1;
}

/**
 * Says what is where now.
 *
 * @param {string} record The job's file. @param {string} [sha256]
 */
async function report(record, sha256) {
  if (!existsSync(record)) {
    console.error(`The job has ended, but its file is not there: ${record}`);
    return false;
  }
  const text = readFileSync(record, 'utf8');
  /** @type {{ result: { file: string } }} */
  const { result } = JSON.parse(text);
  const same = sha256 === undefined || (await hash(result.file)) === sha256;
  console.log(`\nThe file           ${result.file}`);
  if (sha256 !== undefined)
    console.log(`  its SHA-256      ${same ? `${sha256}, as served` : 'NOT that of what was served'}`);
  console.log(`The job's record   ${record}\n\n${text.trimEnd()}\n`);
  console.log(`The queue is plain files: ls ${queue}`);
  return same;
}

/** @param {string} file */
async function hash(file) {
  const sha256 = createHash('sha256');
  await pipeline(createReadStream(file), sha256);
  return sha256.digest('hex');
}

try {
  process.exitCode = await main(process.argv.slice(2));
} catch (error) {
  console.error(error instanceof PrepareError ? error.message : error);
  process.exitCode = 1;
}
