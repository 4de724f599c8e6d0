'use strict';

/** `npm run bench`: installs the peers and builds what has changed, then hands over to src/main.ts. */
const { spawnSync } = require('node:child_process');
const fs = require('node:fs');
const path = require('node:path');
const { build } = require('../tools/build.cjs');

const root = path.join(__dirname, '..');
const modules = path.join(__dirname, 'node_modules');
const built = path.join(root, 'dist', 'bench');

function run(command, args, cwd) {
  const { status, error } = spawnSync(command, args, { cwd, stdio: ['ignore', 2, 2] });
  if (error) throw error;
  if (status !== 0) throw new Error(`${command} ${args.join(' ')} ended with code ${status}.`);
}

/** npm notes in the folder what it has installed there; an older note than the lock file is of other versions. */
function installPeers() {
  const note = fs.statSync(path.join(modules, '.package-lock.json'), { throwIfNoEntry: false });
  const lock = fs.statSync(path.join(__dirname, 'package-lock.json'));
  if (note !== undefined && note.mtimeMs >= lock.mtimeMs) return;
  run('npm', ['ci', '--no-audit', '--no-fund'], __dirname);
}

/** The compiled bench finds its peers where its sources do. */
function linkPeers() {
  const link = path.join(built, 'node_modules');
  if (fs.existsSync(link)) return;
  fs.rmSync(link, { force: true });
  fs.symlinkSync(path.relative(built, modules), link, 'dir');
}

async function main() {
  const args = process.argv.slice(2);
  installPeers();
  if (args[0] === 'check') {
    run(process.execPath, [require.resolve('typescript/bin/tsc'), '-p', __dirname], root);
    return 0;
  }
  build();
  linkPeers();
  return await require(path.join(built, 'src', 'main.js')).main(args, root);
}

main().then(
  code => {
    process.exitCode = code;
  },
  error => {
    console.error(error instanceof Error ? error.message : error);
    process.exitCode = 2;
  },
);
