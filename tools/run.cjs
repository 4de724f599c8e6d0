'use strict';

/** The commands of package.json: builds what has changed, then hands over to tools/cli. */
const fs = require('node:fs');
const path = require('node:path');
const { build } = require('./build.cjs');

const root = path.join(__dirname, '..');
const entry = path.join(root, 'dist', 'tools', 'cli', 'main.js');

/** These look at a server that may run from dist/: they must not change it under its feet. */
const lookOnly = new Set(['stop', 'status', 'logs']);

async function run() {
  const argv = process.argv.slice(2);
  const built = fs.existsSync(entry);
  const keep =
    built && (lookOnly.has(argv[0]) || (argv[0] === 'start' && (await require(entry).isRunning(process.env))));
  if (!keep && build() > 0) forgetLoaded();
  process.exitCode = await require(entry).main({ argv, root, env: process.env });
}

/** What was loaded to look at the server is older than what has just been built. */
function forgetLoaded() {
  const dist = path.join(root, 'dist') + path.sep;
  for (const file of Object.keys(require.cache)) if (file.startsWith(dist)) delete require.cache[file];
}

run().catch(error => {
  console.error(error instanceof Error ? error.stack : error);
  process.exitCode = 1;
});
