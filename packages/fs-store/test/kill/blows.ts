/** What may happen to the processes of a store in one round. */
import { readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { Mortal, Swarm } from './swarm';

/** Who was killed, and what else was done, so far. */
export interface Toll {
  kills: { owner: number; client: number; opening: number; recovering: number; leaving: number; standing: number };
  /** Kills that caught the owner in the middle of a snapshot, as what it left behind shows. */
  inSnapshot: number;
  stops: { owner: number; client: number };
  /** Event loops that were blocked. */
  blocked: number;
  left: number;
  deposed: number;
}

/** Nobody yet. */
export function noToll(): Toll {
  return {
    kills: { owner: 0, client: 0, opening: 0, recovering: 0, leaving: 0, standing: 0 },
    inSnapshot: 0,
    stops: { owner: 0, client: 0 },
    blocked: 0,
    left: 0,
    deposed: 0,
  };
}

/** Where a blow falls. */
export interface Scene {
  swarm: Swarm;
  root: string;
  random: { below(limit: number): number };
  toll: Toll;
  /** How many processes there are in a quiet moment. */
  size: number;
  /** Whether the lock is one that a hand can take away while its holder stands still. */
  mayDepose: boolean;
}

type Blow = (scene: Scene) => Promise<void>;

/** Blows by name, with how often each of them comes in a hundred. */
const BLOWS: [name: string, often: number, blow: Blow][] = [
  ['kill the owner', 28, killOwner],
  ['kill a client', 16, killClient],
  ['kill the owner and a client', 8, (scene) => Promise.all([killOwner(scene), killClient(scene)]).then(() => {})],
  ['kill all', 6, killAll],
  ['kill who opens', 8, killOpening],
  ['kill who recovers', 8, killRecovering],
  ['let one leave', 5, letLeave],
  ['kill who leaves', 6, killLeaving],
  ['stop the owner', 5, stopOwner],
  ['stop a client', 5, stopClient],
  ['block the event loop of one', 3, (scene) => block(scene, 50 + scene.random.below(400))],
  ['block the event loop of one for long', 1, (scene) => block(scene, 2_500)],
  ['kill the owner while it stands still', 3, killStanding],
  ['stop the owner past its own checks', 1, (scene) => stopOwner(scene, 2_300)],
  ['depose the owner', 3, depose],
];

/** The next blow, by chance. */
export function nextBlow({ random }: Scene): [name: string, blow: Blow] {
  let at = random.below(BLOWS.reduce((sum, [, often]) => sum + often, 0));
  for (const [name, often, blow] of BLOWS) {
    at -= often;
    if (at < 0) return [name, blow];
  }
  throw new RangeError('No blow is left.');
}

async function killOwner({ swarm, toll, root }: Scene): Promise<void> {
  const { owner } = swarm;
  if (!owner?.isAlive || owner.killed !== undefined) return;
  toll.kills.owner++;
  await owner.kill();
  if (readdirSync(join(root, 'journal')).some((name) => name.startsWith('.snapshot-'))) toll.inSnapshot++;
}

async function killClient({ swarm, toll }: Scene): Promise<void> {
  const { owner } = swarm;
  const victim = swarm.any(swarm.alive.filter((mortal) => mortal !== owner));
  if (!victim) return;
  toll.kills.client++;
  await victim.kill();
}

/** As the power button does it to processes. */
async function killAll({ swarm, toll }: Scene): Promise<void> {
  const { owner, alive } = swarm;
  for (const mortal of alive) toll.kills[mortal === owner ? 'owner' : 'client']++;
  await Promise.all(alive.map((mortal) => mortal.kill()));
}

/** One comes and is killed before, while or right after it joins; half the time the owner goes a moment before. */
async function killOpening(scene: Scene): Promise<void> {
  const { swarm, random, toll } = scene;
  const late = swarm.start();
  await late.booted;
  if (random.below(2) === 0) await killOwner(scene);
  await delay(random.below(40));
  toll.kills.opening++;
  await late.kill();
}

/** Nobody is left, and who comes next is killed while it reads the journal, takes jobs back and puts the folders right. */
async function killRecovering(scene: Scene): Promise<void> {
  const { swarm, random, toll } = scene;
  await killAll(scene);
  for (let times = 1 + random.below(3); times > 0; times--) {
    const heir = swarm.start();
    await heir.booted;
    await delay(random.below(60));
    toll.kills.recovering++;
    await heir.kill();
  }
}

async function letLeave({ swarm, toll }: Scene): Promise<void> {
  const leaver = swarm.any(swarm.alive);
  leaver?.tell('leave');
  await leaver?.ended;
  toll.left++;
}

/** It writes a snapshot and its folders when it leaves. */
async function killLeaving({ swarm, random, toll }: Scene): Promise<void> {
  const leaver = random.below(3) > 0 ? (swarm.owner ?? swarm.any(swarm.alive)) : swarm.any(swarm.alive);
  if (!leaver?.isAlive || leaver.killed !== undefined) return;
  leaver.tell('leave');
  await delay(random.below(60));
  if (leaver.isAlive) toll.kills.leaving++;
  await leaver.kill();
}

/** Others come and go while nobody answers. */
async function stopOwner(scene: Scene, ms = 30 + scene.random.below(250)): Promise<void> {
  const { swarm, toll, random } = scene;
  const { owner } = swarm;
  if (!owner?.isAlive || owner.killed !== undefined) return;
  toll.stops.owner++;
  owner.stop();
  if (random.below(2) === 0) await killClient(scene);
  if (random.below(2) === 0) swarm.start();
  await delay(ms);
  owner.continue();
}

/** Its jobs stay its own, also when the owner goes meanwhile. */
async function stopClient(scene: Scene): Promise<void> {
  const { swarm, toll, random } = scene;
  const { owner } = swarm;
  const still = swarm.any(swarm.alive.filter((mortal) => mortal !== owner));
  if (!still) return;
  toll.stops.client++;
  still.stop();
  await delay(random.below(100));
  if (random.below(2) === 0) await killOwner(scene);
  await delay(random.below(200));
  still.continue();
}

/** Its timers come late, and nobody may take that for its death. */
async function block({ swarm, random, toll }: Scene, ms: number): Promise<void> {
  const { owner } = swarm;
  const victim = random.below(2) === 0 && owner?.isAlive ? owner : swarm.any(swarm.alive);
  if (!victim) return;
  toll.blocked++;
  victim.tell(ms);
  await delay(ms);
}

async function killStanding({ swarm, random, toll }: Scene): Promise<void> {
  const { owner } = swarm;
  if (!owner?.isAlive || owner.killed !== undefined) return;
  owner.stop();
  toll.stops.owner++;
  await delay(random.below(80));
  toll.kills.standing++;
  await owner.kill();
}

/** While the owner stands still a hand takes its lock away, and another process becomes the owner. Then the first one goes on. */
async function depose({ swarm, random, toll, root, mayDepose }: Scene): Promise<void> {
  const { owner } = swarm;
  if (!mayDepose || !owner?.isAlive || owner.killed !== undefined) return;
  toll.deposed++;
  toll.stops.owner++;
  owner.stop();
  await delay(random.below(30));
  rmSync(join(root, 'lock'));
  const heir: Mortal = swarm.start();
  await heir.opened;
  await delay(random.below(100));
  owner.continue();
}
