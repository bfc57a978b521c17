/** Whether the machine is as a gate asks for. */
import type { GateSpec, MachineProbe, MachineState } from '../resources';
import type { DefinitionTable } from './definition-table';

/** What each condition compares, and how it is told. */
const TOLD_BY = {
  loadBelow: 'load',
  freeMemory: 'freeMemory',
  freeDisk: 'freeDisk',
  power: 'onBattery',
  network: 'metered',
  idle: 'idle',
} as const satisfies Partial<Record<keyof GateSpec, keyof MachineState>>;

/** Why the gate is closed, each as a part of a sentence; empty when it is open. What the machine cannot tell holds nothing back. */
export function faultsOfGate(spec: GateSpec, state: MachineState): string[] {
  const { load, freeMemory, freeDisk, idle } = state;
  const faults: string[] = [];
  if (spec.loadBelow !== undefined && load !== undefined && load >= spec.loadBelow)
    faults.push(`the load is ${load.toFixed(2)} per processor, not below ${spec.loadBelow}`);
  if (spec.freeMemory !== undefined && freeMemory !== undefined && freeMemory < spec.freeMemory)
    faults.push(`${Math.floor(freeMemory)} MB of memory are free, not ${spec.freeMemory}`);
  if (spec.freeDisk !== undefined && freeDisk !== undefined && freeDisk < spec.freeDisk)
    faults.push(`${Math.floor(freeDisk)} MB of the disk are free, not ${spec.freeDisk}`);
  if (spec.power === 'mains' && state.onBattery === true) faults.push('the machine is on battery');
  if (spec.network === 'unmetered' && state.metered === true) faults.push('the network is metered');
  if (spec.idle !== undefined && idle !== undefined && idle < spec.idle)
    faults.push(`the machine was used ${Math.floor(idle)} s ago, not ${spec.idle}`);
  return faults;
}

/** Conditions of the gate that this machine cannot tell. */
function untoldBy(spec: GateSpec, state: MachineState): string[] {
  const conditions = Object.keys(TOLD_BY) as (keyof typeof TOLD_BY)[];
  return conditions.filter((name) => spec[name] !== undefined && state[TOLD_BY[name]] === undefined);
}

/** A sentence for each gate that holds nothing back because the machine cannot tell what it asks for. */
export function problemsOfGates(definitions: DefinitionTable, machine: MachineProbe | undefined): string[] {
  const gates = definitions.of('gate');
  if (gates.length === 0) return [];
  const state = machine?.read() ?? {};
  return gates.flatMap(({ name, value }) => {
    const untold = untoldBy(value as unknown as GateSpec, state);
    if (untold.length === 0) return [];
    return [`The gate ${name} asks for ${untold.join(', ')}, which cannot be told here: that holds nothing back.`];
  });
}
