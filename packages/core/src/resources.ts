/**
 * What jobs need to run: shares of pools, and a machine in a fitting state.
 *
 * @module
 */

/** The value of a definition of kind `pool`. Its name is what jobs name in `needs`. */
export interface PoolSpec {
  /** For people. */
  description?: string;
  /** How much there is, for all jobs that run at once together: cores, megabytes, pieces. */
  capacity: number;
}

/** The value of a definition of kind `gate`: jobs start only while the machine is so. At least one condition is there. */
export interface GateSpec {
  /** For people. */
  description?: string;
  /** Types that it is about; left out: all. */
  types?: string[];
  /** Tags of which a job must carry one; left out: with any tags or none. */
  tags?: string[];
  /** The load average of the last minute, divided by the number of processors, is below this. */
  loadBelow?: number;
  /** At least so many megabytes of memory are free. */
  freeMemory?: number;
  /** At least so many megabytes are free where the store is. */
  freeDisk?: number;
  /** `mains`: not on battery. */
  power?: 'mains';
  /** `unmetered`: the network costs nothing by the byte. */
  network?: 'unmetered';
  /** Nobody has used the machine for so many seconds. */
  idle?: number;
}

/** How the machine is. Left out: it cannot tell. */
export interface MachineState {
  /** The load average of the last minute, divided by the number of processors. */
  load?: number;
  /** Megabytes. */
  freeMemory?: number;
  /** Megabytes. */
  freeDisk?: number;
  onBattery?: boolean;
  metered?: boolean;
  /** Seconds since somebody used it. */
  idle?: number;
}

/** Tells how the machine is. */
export interface MachineProbe {
  /** Asked every few seconds while a gate holds jobs back, and before jobs start that a gate is about. Must be quick. */
  read(): MachineState;
}
