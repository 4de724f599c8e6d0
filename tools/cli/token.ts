import { parseArgs } from 'node:util';
import { stopEmbedded } from '@watchbell/mongod';
import { parseSpan } from '../../app/domain/span';
import { type NewToken, type Role, TokenService } from '../../app/service/tokens';
import { CommandError } from '../errors';
import { prepareDatabase } from '../server/database';
import { installationOf } from '../server/installation';
import type { Command, CommandContext } from './types';
import { withDatabase } from './withDatabase';

const usage = [
  'Usage:',
  '  npm run token -- create --role viewer|operator|admin [--name NAME] [--close-only] [--job GLOB]… [--expires 90d]',
  '  npm run token -- list',
  '  npm run token -- revoke ID',
].join('\n');

/** `npm run token`: access tokens, made on a host without the API: the first one has to come from somewhere. */
export const token: Command = async context => {
  const [action = '', ...rest] = context.args;
  const run = actions[action];
  if (run === undefined) throw new CommandError(usage);
  const work = run(rest);
  const installation = installationOf(context.env);
  const { url, embedded } = await prepareDatabase(context.env, installation, context.say);
  try {
    await withDatabase(context.env, url, database => work(new TokenService(database), context.say));
  } finally {
    if (embedded?.alreadyRunning === false) await stopEmbedded(installation.dataDir);
  }
  return 0;
};

/** Arguments are read before anything is started; what is answered works on the database. */
type Action = (args: string[]) => (tokens: TokenService, say: CommandContext['say']) => Promise<void>;

const actions: Record<string, Action> = { create, list, revoke };

function create(args: string[]): ReturnType<Action> {
  const wanted = readWanted(args);
  return async (tokens, say) => {
    const made = await tokens.create(wanted, 'npm run token');
    say(`Token ${made.id} (${wanted.role}), shown this once and stored only as a hash:`);
    say(made.token);
  };
}

function list(): ReturnType<Action> {
  return async (tokens, say) => {
    let after: string | null = null;
    do {
      const page = await tokens.list(200, after);
      for (const item of page.items) say(JSON.stringify(item));
      after = page.next;
    } while (after !== null);
  };
}

function revoke([id]: string[]): ReturnType<Action> {
  if (id === undefined) throw new CommandError(usage);
  return async (tokens, say) => {
    await tokens.revoke(id);
    say(`Token ${id} is refused from now on.`);
  };
}

function readWanted(args: string[]): NewToken {
  const { values } = parseOrExplain(args);
  const role = roles.find(one => one === values.role);
  if (role === undefined) throw new CommandError(`--role takes ${roles.join(', ')}.\n${usage}`);
  return {
    name: values.name ?? `${role} from the command line`,
    role,
    scopes: values['close-only'] ? ['close'] : [],
    jobs: values.job ?? [],
    expiresAt: expiry(values.expires),
  };
}

const roles: readonly Role[] = ['viewer', 'operator', 'admin'];

function parseOrExplain(args: string[]) {
  try {
    return parseArgs({
      args,
      options: {
        role: { type: 'string' },
        name: { type: 'string' },
        'close-only': { type: 'boolean', default: false },
        job: { type: 'string', multiple: true },
        expires: { type: 'string' },
      },
    });
  } catch (error) {
    throw new CommandError(`${error instanceof Error ? error.message : String(error)}\n${usage}`);
  }
}

function expiry(text: string | undefined): Date | null {
  if (text === undefined) return null;
  const span = parseSpan(text);
  if (span === null || span <= 0) throw new CommandError('--expires takes a span, such as 12h or 90d.');
  return new Date(Date.now() + span);
}
