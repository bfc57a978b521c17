import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

/** Makes a key and a certificate, signed by itself, for 127.0.0.1 or another subject. Needs the `openssl` command. */
export async function makeCertificate(subject = 'IP:127.0.0.1', days = 1): Promise<{ key: string; cert: string }> {
  const folder = await mkdtemp(join(tmpdir(), 'certificate-'));
  try {
    const [key, cert] = [join(folder, 'key.pem'), join(folder, 'cert.pem')];
    const curve = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-keyout', key, '-out', cert];
    const names = ['-subj', '/CN=test', '-addext', `subjectAltName=${subject}`, '-days', String(days)];
    await promisify(execFile)('openssl', ['req', '-x509', ...curve, ...names]);
    return { key: await readFile(key, 'utf8'), cert: await readFile(cert, 'utf8') };
  } finally {
    await rm(folder, { recursive: true });
  }
}
