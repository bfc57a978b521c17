/**
 * `npm start [-- URL]`: installs and builds what is missing, then downloads URL through the queue; without one, a sample file
 * that it serves itself. The queue's folder is `.leviathan/jobs` in this repository, or LEVIATHAN_HOME.
 */
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { createReadStream, existsSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { ensureBuilt, ensureInstalled, PrepareError } from './lib/prepare.mjs';
import { root } from './lib/repository.mjs';
import { serveSample } from './lib/sample-server.mjs';

const usage =
  'Usage: npm start [-- URL]      downloads URL, or without one a sample file served by this command itself';
const queue = resolve(process.env.LEVIATHAN_HOME || join(root, '.leviathan', 'jobs'));
const downloads = join(root, '.leviathan', 'downloads');

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
  const command = join(root, 'apps', 'cli', 'dist', 'bin.js');
  const args = [command, '--root', queue, 'add', 'download', url, '--to', downloads, '--wait', '--json'];
  const child = spawn(process.execPath, args, { stdio: ['inherit', 'pipe', 'inherit'] });
  // Ctrl-C reaches the command too: it says what becomes of the job, and this process leaves after it.
  const wait = () => {};
  process.on('SIGINT', wait);
  let answer = '';
  child.stdout.setEncoding('utf8').on('data', (text) => {
    answer += text;
  });
  const code = await new Promise((done, fail) => child.once('error', fail).once('close', (exit) => done(exit ?? 130)));
  process.off('SIGINT', wait);
  if (answer.trim() === '') return code;
  const job = JSON.parse(answer);
  return (await report(job, sha256)) ? code : code || 1;
}

/**
 * Says what is where now.
 *
 * @param {{ id: string, status: string, result?: { file?: string } }} job @param {string} [sha256]
 */
async function report(job, sha256) {
  const record = join(queue, job.status, `${job.id}.json`);
  const file = job.result?.file;
  console.log(`\nfile    ${file ?? 'none'}`);
  if (file !== undefined && sha256 !== undefined) {
    const same = (await hash(file)) === sha256;
    console.log(`sha256  ${same ? `${sha256}, the same as what was served` : 'NOT what was served'}`);
    if (!same) return false;
  }
  console.log(`job     ${record}\n`);
  if (!existsSync(record)) {
    console.error('The job has ended, but its file is not where it should be.');
    return false;
  }
  console.log(readFileSync(record, 'utf8').trimEnd());
  console.log(`\nThe queue is plain files: ls ${queue}`);
  return true;
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
