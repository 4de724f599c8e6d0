'use strict';

/**
 * Makes dist/ from the TypeScript sources: each file by itself, types are the business of `npm run check`. Only what
 * has changed is written again, what has no source any more is removed.
 */
const { createHash } = require('node:crypto');
const fs = require('node:fs');
const path = require('node:path');

const root = path.join(__dirname, '..');
const dist = path.join(root, 'dist');
const notes = path.join(dist, '.built.json');
const sources = ['agent.ts', 'app.ts', 'app', 'config', 'tools', 'bench/src', ...packageSources()];

function packageSources() {
  return fs.readdirSync(path.join(root, 'packages')).map(name => path.join('packages', name, 'src'));
}

/** @returns {string[]} every source, relative to the root */
function list(relative) {
  const absolute = path.join(root, relative);
  const found = fs.statSync(absolute, { throwIfNoEntry: false });
  if (found === undefined) return [];
  if (found.isDirectory()) return fs.readdirSync(absolute).flatMap(name => list(path.join(relative, name)));
  return /(?<!\.d)\.ts$/.test(relative) ? [relative] : [];
}

function sha(text) {
  return createHash('sha256').update(text).digest('hex');
}

/** What was built last time: output file to hash of its source. A file that cannot be read means: nothing was. */
function readNotes() {
  try {
    return JSON.parse(fs.readFileSync(notes, 'utf8'));
  } catch {
    return {};
  }
}

/** A server that runs from dist/ never meets half a file. */
function write(relative, text) {
  const file = path.join(dist, relative);
  fs.mkdirSync(path.dirname(file), { recursive: true });
  fs.writeFileSync(`${file}.${process.pid}.partial`, text);
  fs.renameSync(`${file}.${process.pid}.partial`, file);
}

function transpile(ts, options, source, text) {
  const output = source.replace(/\.ts$/, '.js');
  const result = ts.transpileModule(text, { compilerOptions: options, fileName: source, reportDiagnostics: true });
  const faults = result.diagnostics.filter(one => one.category === ts.DiagnosticCategory.Error);
  if (faults.length > 0) {
    throw new Error(`${source}: ${ts.flattenDiagnosticMessageText(faults[0].messageText, ' ')}`);
  }
  write(
    `${output}.map`,
    result.sourceMapText.replace(/"sources":\[[^\]]*\]/, `"sources":[${JSON.stringify(fromDist(source))}]`),
  );
  write(output, result.outputText);
}

function fromDist(source) {
  return path.relative(path.join(dist, path.dirname(source)), path.join(root, source));
}

/** The same package.json, for a server that is plain JavaScript. */
function packageJson() {
  const content = JSON.parse(fs.readFileSync(path.join(root, 'package.json'), 'utf8'));
  return `${JSON.stringify({ ...content, egg: { ...content.egg, typescript: false }, workspaces: undefined }, null, 2)}\n`;
}

function removeStale(expected) {
  for (const entry of fs.readdirSync(dist, { recursive: true, withFileTypes: true })) {
    const file = path.join(entry.parentPath, entry.name);
    if (entry.isFile() && !expected.has(path.relative(dist, file))) fs.rmSync(file);
  }
}

/**
 * @param {(line: string) => void} [say]
 * @returns {number} how many files were written
 */
function build(say = console.error) {
  const options = JSON.parse(fs.readFileSync(path.join(root, 'tsconfig.json'), 'utf8')).compilerOptions;
  const before = readNotes();
  const now = { '.built.json': '', 'package.json': sha(packageJson()) };
  const changed = [];
  const salt = sha(JSON.stringify(options) + fs.readFileSync(__filename, 'utf8'));
  for (const source of sources.flatMap(list)) {
    const text = fs.readFileSync(path.join(root, source), 'utf8');
    const output = source.replace(/\.ts$/, '.js');
    now[output] = sha(salt + text);
    now[`${output}.map`] = now[output];
    if (before[output] !== now[output] || !fs.existsSync(path.join(dist, output))) changed.push({ source, text });
  }
  const stale = Object.keys(before).some(file => now[file] === undefined);
  if (changed.length === 0 && !stale && before['package.json'] === now['package.json']) return 0;
  say(`Building (${changed.length} files) …`);
  if (changed.length > 0) {
    const ts = require('typescript');
    const { options: compilerOptions } = ts.convertCompilerOptionsFromJson(
      { ...options, rootDir: undefined, outDir: undefined },
      root,
    );
    for (const { source, text } of changed) transpile(ts, compilerOptions, source, text);
  }
  write('package.json', packageJson());
  write('.built.json', JSON.stringify(now));
  removeStale(new Set(Object.keys(now)));
  return changed.length;
}

module.exports = { build };

if (require.main === module) console.log(`${build()} files written to dist`);
