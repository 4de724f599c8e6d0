import { cp, mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import type { Host } from '../cluster/host';
import type { Evidence, Verdict } from './types';

/** Keeps what a verdict was made from, and what the hosts logged, for whoever looks into it. */
export async function keepEvidence(
  folder: string,
  { evidence, verdict, hosts }: { evidence: Evidence; verdict: Verdict; hosts: readonly Host[] },
): Promise<void> {
  await mkdir(folder, { recursive: true });
  await writeFile(path.join(folder, 'evidence.json'), JSON.stringify(evidence, null, 1));
  await writeFile(path.join(folder, 'verdict.json'), JSON.stringify(verdict, null, 1));
  for (const host of hosts) {
    const to = path.join(folder, host.options.hostId);
    await cp(path.join(host.dataDir, 'logs'), to, { recursive: true });
    await writeFile(path.join(to, 'complaints.txt'), host.complaints());
  }
}
