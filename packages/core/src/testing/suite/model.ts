import type { Feature, StoreSuiteOptions } from '../store-under-test';
export function model(_options: StoreSuiteOptions, _lacking: Map<Feature, string>): void {}
