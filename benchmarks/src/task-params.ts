/** What every task of an engine is told. */
import type { EngineName, EngineOptions } from './engines/engine';

export interface TaskParams {
  engine: EngineName;
  options: EngineOptions;
}
