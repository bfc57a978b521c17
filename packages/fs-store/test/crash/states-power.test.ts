import { expect, it } from 'vitest';
import { exploreLevel } from './states';

it('every state that a crash leaves of a store at power is one that its history allows', {
  timeout: 900_000,
}, async () => {
  expect.hasAssertions();
  await exploreLevel('power');
});
