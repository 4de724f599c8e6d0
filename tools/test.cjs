'use strict';

/**
 * `npm test`: everything, with its own set-up, from a machine that has Node and `npm ci`. Ends with one line
 * `N passed, N failed`; the check and a build that fail count as one failed test each.
 */
const { spawnSync } = require('node:child_process');
const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');
const { build } = require('./build.cjs');

const root = path.join(__dirname, '..');
const limitMs = 45 * 60_000;
const clusters = ['test/cluster', 'test/e2e'];
/** They judge how late something is: each has the machine for itself. The other clusters run two at a time. */
const alone = ['drain', 'outage', 'spread'].map(name => `test/cluster/${name}.test.ts`);

const total = { passed: 0, failed: 0, skipped: 0 };
const remarks = [];
/** Said again at the end, the first so many: whoever sees only the end of a long log must see what failed. */
const failures = [];
const failuresSaid = 50;

function note(name, counts) {
  for (const key of Object.keys(total)) total[key] += counts[key] ?? 0;
  remarks.push(
    `${name}: ${counts.passed ?? 0} passed, ${counts.failed ?? 0} failed${counts.skipped ? `, ${counts.skipped} skipped` : ''}`,
  );
}

function run(command, args, env = {}) {
  return spawnSync(command, args, {
    cwd: root,
    stdio: 'inherit',
    timeout: limitMs,
    killSignal: 'SIGKILL',
    env: { ...process.env, ...env },
  }).status;
}

async function prepareMongod() {
  const { resolveMongod } = require('../dist/packages/mongod/src/index.js');
  const { file } = await resolveMongod({ onProgress: console.log });
  return file;
}

/** The sources' tests talk to a real ClickHouse, the clusters' run a host whose clock is wrong. */
async function prepareServers() {
  const { findClickHouse } = require('../dist/tools/demo/clickhouse.js');
  const { canInstallPackages } = require('../dist/tools/apt.js');
  const { installClickHouse } = require('../dist/tools/demo/clickhouseInstall.js');
  const { findFaketime, installFaketime } = require('../dist/tools/faketime.js');
  const missing = [
    { name: 'clickhouse-server', there: findClickHouse() !== null, install: installClickHouse },
    { name: 'libfaketime', there: findFaketime() !== null, install: installFaketime },
  ].filter(one => !one.there);
  for (const { name, install } of missing) {
    if (canInstallPackages()) await install(console.log);
    else
      console.log(`${name} is not installed, and only root on Debian can do that here: tests that need it will fail.`);
  }
}

function check() {
  console.log('\n== npm run check');
  const passed = run('npm', ['run', '--silent', 'check']) === 0;
  note('check', passed ? { passed: 1 } : { failed: 1 });
}

/** One run of vitest, counted by its JSON report; a run that leaves none, or fails without a failed test, is one failure. */
function vitest(name, args, env) {
  console.log(`\n== tests: ${name}`);
  const report = path.join(os.tmpdir(), `watchbell-test-${process.pid}-${name}.json`);
  const cli = path.join(root, 'node_modules/vitest/vitest.mjs');
  const reporters = ['--reporter=default', '--reporter=json', `--outputFile.json=${report}`];
  const status = run(process.execPath, [cli, 'run', ...args, '--passWithNoTests', ...reporters], env);
  const counts = countReport(report);
  if (counts.failed === 0 && status !== 0) counts.failed = 1;
  note(name, counts);
}

function noteFailure(file, title, message) {
  const [reason = ''] = message.trim().split('\n');
  failures.push(`FAILED ${path.relative(root, file)} > ${title}\n  ${reason.slice(0, 300)}`);
}

function exclude(patterns) {
  return patterns.map(pattern => `--exclude=${pattern}`);
}

function countReport(file) {
  if (!fs.existsSync(file)) return { passed: 0, failed: 1, skipped: 0 };
  const report = JSON.parse(fs.readFileSync(file, 'utf8'));
  fs.rmSync(file);
  // A file that cannot even be loaded has no failed test of its own.
  const broken = report.testResults.filter(
    one => one.status === 'failed' && one.assertionResults.every(test => test.status !== 'failed'),
  );
  for (const { name, assertionResults } of report.testResults) {
    const tests = assertionResults.filter(test => test.status === 'failed');
    for (const { fullName, failureMessages } of tests) noteFailure(name, fullName, failureMessages.join('\n'));
  }
  for (const { name, message } of broken) noteFailure(name, 'the file itself', message);
  return {
    passed: report.numPassedTests,
    failed: report.numFailedTests + broken.length,
    skipped: report.numPendingTests + report.numTodoTests,
  };
}

async function main() {
  const env = {};
  try {
    build(console.log);
    env.WATCHBELL_MONGOD = await prepareMongod();
    await prepareServers();
  } catch (error) {
    console.error(error);
    note('set-up', { failed: 1 });
  }
  check();
  vitest('fast', exclude(clusters.map(folder => `${folder}/**`)), env);
  vitest('cluster', [...clusters, ...exclude(alone)], env);
  vitest('alone', alone, { ...env, WATCHBELL_TEST_SERIAL: '1' });
  console.log(`\n${[...failures.slice(0, failuresSaid), ...remarks].join('\n')}\n`);
  console.log(`${total.passed} passed, ${total.failed} failed`);
  process.exitCode = total.failed === 0 ? 0 : 1;
}

main().catch(error => {
  console.error(error);
  process.exitCode = 1;
});
