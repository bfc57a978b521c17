/**
 * A download through the queue, from a server of this program's own; the file is checked against its SHA-256 before it gets its name.
 */
import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { basename } from 'node:path';
import { Leviathan } from '@leviathan/core';
import { fsStore } from '@leviathan/fs-store';
import { downloads } from '@leviathan/processors-download';

const content = randomBytes(3_000_000);
const sha256 = createHash('sha256').update(content).digest('hex');
const server = createServer((_, response) => response.setHeader('content-length', content.length).end(content));
await once(server.listen(0, '127.0.0.1'), 'listening');
const url = `http://127.0.0.1:${/** @type {import('node:net').AddressInfo} */ (server.address()).port}/whale.bin`;

const { processor, service } = downloads({ directory: 'downloads' });
const leviathan = new Leviathan({ store: fsStore(), processors: [processor], services: [service] });
await leviathan.start();

const job = await leviathan.add('download', { url, checksum: `sha256:${sha256}` });
const { file, bytes } = await job.result();
const same = createHash('sha256')
  .update(await readFile(file))
  .digest('hex');
console.log(`${basename(file)} has ${bytes} bytes, ${same === sha256 ? 'the right ones' : 'but others'}`);

await leviathan.stop();
server.close();
