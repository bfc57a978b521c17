import { defineProcessor, type Isolation, ValidationError } from '@leviathan/core';
import { expect, it } from 'vitest';
import { z } from 'zod';
import { assertSupported, capabilitiesOf } from './capabilities';

const asking = (isolation: Isolation) =>
  defineProcessor({ type: 'a', input: z.null(), module: 'file:///a.js', isolation });

it('refuses what the platform cannot hold, and names it', () => {
  const elsewhere = capabilitiesOf('darwin');
  const make = () => assertSupported(elsewhere, asking({ kind: 'thread', nice: 5, cpuTime: 9 }));
  expect(make).toThrow(ValidationError);
  expect(make).toThrow(/isolation\.cpuTime: cannot be held for a thread on this platform.*isolation\.nice: /);
  expect(() => assertSupported(elsewhere, asking({ nice: 5, cpuTime: 9, memory: 64 }))).not.toThrow();
  expect(() => assertSupported(elsewhere, asking({ kind: 'thread', memory: 64 }))).not.toThrow();
  expect(() => assertSupported(capabilitiesOf('linux'), asking({ kind: 'thread', nice: 5 }))).not.toThrow();
});
