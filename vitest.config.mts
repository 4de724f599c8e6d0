import path from 'node:path';
import { defineConfig } from 'vitest/config';
import { BaseSequencer, type TestSpecification } from 'vitest/node';

/** `npm run test:sweep`: the long proofs alone, which need no server. */
const isSweep = process.env['WATCHBELL_SWEEP'] === '1';

/** They take minutes: begun last they would run on with nothing beside them. */
const long =
  /e2e\/(drill|demo)|cluster\/(mute|changes|crash)|selfwatch\/selfWatch|engine\.oracle|simulation\/schedules/;

class LongFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const sorted = await super.sort(files);
    const isLong = (file: TestSpecification) => long.test(file.moduleId);
    return [...sorted.filter(isLong), ...sorted.filter(file => !isLong(file))];
  }
}

export default defineConfig({
  resolve: { alias: { '@watchbell/mongod': path.join(import.meta.dirname, 'packages/mongod/src/index.ts') } },
  test: {
    include: isSweep ? ['test/**/*.sweep.ts'] : ['test/**/*.test.ts', 'packages/*/test/**/*.test.ts'],
    globalSetup: isSweep ? [] : ['test/support/globalSetup.ts'],
    pool: 'forks',
    execArgv: ['--require', 'ts-node/register/transpile-only'],
    testTimeout: 20_000,
    hookTimeout: 60_000,
    teardownTimeout: 20_000,
    maxWorkers: 2,
    sequence: { sequencer: LongFirst },
    // Tests that judge lateness have the two cores for themselves (tools/test.cjs runs them apart).
    fileParallelism: process.env['WATCHBELL_TEST_SERIAL'] !== '1',
  },
});
