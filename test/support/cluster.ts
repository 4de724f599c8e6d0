import { randomBytes } from 'node:crypto';
import path from 'node:path';
import * as cluster from '../../tools/cluster/host';

export { freePort } from '@watchbell/mongod';
export { exists } from '../../tools/cluster/processes';

const root = path.resolve(__dirname, '../..');

/** `root` is another folder with a `dist`, for another build. */
export type HostOptions = Omit<cluster.HostOptions, 'root' | 'secretKey'> & { root?: string };

/** One real Egg cluster of this project, with the key that all test hosts share. */
export class Host extends cluster.Host {
  constructor(options: HostOptions) {
    super({ root, secretKey: testSecretKey, ...options });
  }
}

/** The same on every test host, as it is on every host of an installation. */
export const testSecretKey = 'test-key-of-at-least-thirty-two-characters';

/** Random, so that clusters of test files that run beside each other do not meet. */
export function uniqueHostId(name: string): string {
  return `${name}-${randomBytes(3).toString('hex')}`;
}

/** Half the default lease, so that a test of a member that is lost waits half as long. */
export const shortLease = {
  WATCHBELL_LEASE_MS: '5000',
  WATCHBELL_RENEW_MS: '1000',
  WATCHBELL_RENEWAL_LIMIT_MS: '1500',
};
