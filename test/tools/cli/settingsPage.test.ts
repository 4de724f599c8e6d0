import { readFileSync } from 'node:fs';
import path from 'node:path';
import { expect, it } from 'vitest';
import { environmentSchema } from '../../../config/settings';
import { startSchema } from '../../../config/startSettings';
import { settingsPage } from '../../../tools/cli/settingsPage';

it('is what stands in docs/guide/settings.md (npm run docs:settings writes it)', () => {
  const written = readFileSync(path.join(__dirname, '../../../docs/guide/settings.md'), 'utf8');
  expect(written).toBe(settingsPage());
});

it('explains every setting, with the unit of every number', () => {
  const page = settingsPage();
  for (const name of [...Object.keys(environmentSchema.shape), ...Object.keys(startSchema.shape)]) {
    const row = page.split('\n').find(line => line.startsWith(`| \`${name}\` |`));
    expect(row?.split('|').at(5)?.trim(), name).not.toBe('');
    if (/_(MS|DAYS)$/.test(name)) expect(row, name).toMatch(/\| (ms|days) \| \d+ – \d+ \|/);
  }
});
