import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { settingsPage } from './settingsPage';
import type { Command } from './types';

/** `npm run docs:settings`: writes docs/guide/settings.md. */
export const docs: Command = async ({ root, say }) => {
  const file = path.join(root, 'docs/guide/settings.md');
  await writeFile(file, settingsPage());
  say(`${path.relative(root, file)} is written.`);
  return 0;
};
