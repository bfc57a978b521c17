import { expect, it } from 'vitest';
import { loadApi } from './api';

const failing = (message: string, code: string) => () => Promise.reject(Object.assign(new Error(message), { code }));

it('is there when it is installed', async () => {
  expect(await loadApi()).toHaveProperty('trace');
});

it('is absent, which is no error, when it is not', async () => {
  const missing = failing("Cannot find package '@opentelemetry/api' imported from x", 'ERR_MODULE_NOT_FOUND');
  expect(await loadApi(missing)).toBeUndefined();
});

it('that is broken is an error', async () => {
  await expect(loadApi(failing("Cannot find package 'other' imported from y", 'ERR_MODULE_NOT_FOUND'))).rejects.toThrow(
    'other',
  );
  await expect(loadApi(failing('boom', 'E_BOOM'))).rejects.toThrow('boom');
});
