import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';

const root = path.join(__dirname, '../..');
const page = readFileSync(path.join(root, 'docs/promises.md'), 'utf8');
const rows = page.split('\n').filter(line => /^\| [^|]/.test(line) && !/^\| (promise|---)/.test(line));

/** `[title](../test/…)` of a row; a bar in a title is written `\|`. */
function testsOf(row: string): { title: string; file: string }[] {
  const links = [...row.matchAll(/\[((?:[^\]\\]|\\.)+)\]\(\.\.\/((?:test|packages)\/[^)]+\.test\.ts)\)/g)];
  return links.map(([, title = '', file = '']) => ({ title: title.replaceAll(/\\(.)/g, '$1'), file }));
}

/** Whether a test of the file has just this title, in any quotes. */
function isIn(file: string, title: string): boolean {
  const text = readFileSync(path.join(root, file), 'utf8');
  return [`'${title}'`, `"${title}"`, `\`${title}\``].some(quoted => text.includes(quoted));
}

describe('docs/promises.md', () => {
  it('names for each promise a file that keeps it and a test that fails without it', () => {
    expect(rows.length).toBeGreaterThan(100);
    const bare = rows.filter(row => testsOf(row).length === 0 || !/`(app|config|agent\.ts|app\.ts)/.test(row));
    expect(bare).toEqual([]);
  });

  it('names only tests that there are', () => {
    const named = rows.flatMap(testsOf);
    expect(named.filter(({ file, title }) => !existsSync(path.join(root, file)) || !isIn(file, title))).toEqual([]);
  });

  it('names only files that there are', () => {
    const files = rows.flatMap(row => [...row.matchAll(/`((?:app|config)\/[^`]+\.ts|agent\.ts|app\.ts)`/g)]);
    expect(files.map(([, file = '']) => file).filter(file => !existsSync(path.join(root, file)))).toEqual([]);
  });
});
