/**
 * A package registry for a few tarballs on the loopback interface, so that `npm i @leviathan/core` in a document does what it
 * will do for a reader, before anything is published. npm asks it for this scope alone.
 */
import { createHash } from 'node:crypto';
import { createServer } from 'node:http';

/**
 * @param {{ manifest: { name: string, version: string }, bytes: Buffer }[]} packages
 * @returns {Promise<{ url: string, close: () => Promise<void> }>}
 */
export async function serveRegistry(packages) {
  let url = '';
  const server = createServer((request, response) => {
    const path = decodeURIComponent((request.url ?? '/').split('?')[0] ?? '/').slice(1);
    const tarball = packages.find(({ manifest }) => path === tarballPath(manifest));
    if (tarball !== undefined) {
      response.writeHead(200, { 'content-type': 'application/octet-stream' }).end(tarball.bytes);
      return;
    }
    const found = packages.find(({ manifest }) => path === manifest.name);
    const body = found === undefined ? { error: `${path} is not here` } : document(found, url);
    response
      .writeHead(found === undefined ? 404 : 200, { 'content-type': 'application/json' })
      .end(JSON.stringify(body));
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', () => resolve(undefined)));
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('the registry has no port');
  url = `http://127.0.0.1:${address.port}`;
  return {
    url,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

/** @param {{ name: string, version: string }} manifest */
function tarballPath({ name, version }) {
  return `${name}/-/${name.split('/').at(-1)}-${version}.tgz`;
}

/** @param {{ manifest: { name: string, version: string }, bytes: Buffer }} found @param {string} url */
function document({ manifest, bytes }, url) {
  const integrity = `sha512-${createHash('sha512').update(bytes).digest('base64')}`;
  const dist = { tarball: `${url}/${tarballPath(manifest)}`, integrity };
  return {
    name: manifest.name,
    'dist-tags': { latest: manifest.version },
    versions: { [manifest.version]: { ...manifest, dist } },
  };
}
