import { Tokens } from '../../app/repository/tokens';
import { TokenService } from '../../app/service/tokens';
import { withDatabase } from './withDatabase';

/** Makes the admin token of a new installation; null where there is a token already. */
export async function firstAdminToken(env: NodeJS.ProcessEnv, url: string): Promise<string | null> {
  return await withDatabase(env, url, async database => {
    const any = await new Tokens(database).list(1, null);
    if (any.length > 0) return null;
    const wanted = { name: 'first admin', role: 'admin' as const, scopes: [], jobs: [], expiresAt: null };
    return (await new TokenService(database).create(wanted, 'npm start')).token;
  });
}
