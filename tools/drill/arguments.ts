import { randomInt } from 'node:crypto';
import { parseArgs } from 'node:util';
import { z } from 'zod';
import { CommandError } from '../errors';
import { faults, quickFaults } from './faults';
import type { Fault } from './faults/types';

export interface DrillArguments {
  /** What is drilled on a stage of the drill's own. */
  faults: readonly Fault[];
  rounds: number;
  seed: number;
  json: boolean;
  /** Evidence and logs of rounds that fail are kept here; null keeps nothing. */
  keep: string | null;
  /** A cluster of the user's own instead of a stage; the user makes the fault. */
  cluster: ClusterArguments | null;
}

export interface ClusterArguments {
  /** Of one host, or of what stands in front of them. */
  url: string;
  token: string;
  seconds: number;
  /** Where the hosts reach the witness, which is started here. */
  witness: { host: string; port: number };
}

const defaultRounds = 3;
const defaultSeconds = '60';
const leastSeconds = 40;
const mostSeconds = 3600;
const mostRounds = 100;

const options = {
  quick: { type: 'boolean', default: false },
  fault: { type: 'string', multiple: true },
  rounds: { type: 'string' },
  seed: { type: 'string' },
  json: { type: 'boolean', default: false },
  keep: { type: 'string' },
  url: { type: 'string' },
  token: { type: 'string' },
  seconds: { type: 'string', default: defaultSeconds },
  'witness-url': { type: 'string' },
} as const;

/** Throws CommandError with what would be right. `token` may stand in WATCHBELL_TOKEN, so that no list of processes shows it. */
export function readArguments(args: string[], env: NodeJS.ProcessEnv): DrillArguments {
  const values = parsed(args);
  const cluster = values.url === undefined ? null : clusterOf(values, values.url, env);
  const chosen = values.quick ? quickFaults : chosenFaults(values.fault ?? [], cluster !== null);
  const rounds = values.rounds ?? String(values.quick ? 1 : defaultRounds);
  return {
    faults: chosen,
    rounds: whole('--rounds', rounds, 1, mostRounds),
    seed: values.seed === undefined ? randomInt(1, 1_000_000) : whole('--seed', values.seed, 0, 4_294_967_295),
    json: values.json,
    keep: values.keep ?? null,
    cluster,
  };
}

function parsed(args: string[]) {
  try {
    return parseArgs({ args, options }).values;
  } catch (error) {
    throw new CommandError(error instanceof Error ? error.message : String(error));
  }
}

type Values = ReturnType<typeof parsed>;

function chosenFaults(names: readonly string[], onCluster: boolean): readonly Fault[] {
  const none = names.length === 1 && names[0] === 'none';
  if (onCluster) {
    if (none || names.length === 0) return [];
    throw new CommandError('With --url the fault is yours to make: --fault none.');
  }
  if (none) throw new CommandError('--fault none goes with --url: the fault is made by you, on a cluster of your own.');
  if (names.length === 0) return faults;
  return [...new Set(names)].map(name => {
    const found = faults.find(fault => fault.name === name);
    if (found !== undefined) return found;
    throw new CommandError(`There is no fault "${name}"; there are ${faults.map(one => one.name).join(', ')}.`);
  });
}

function clusterOf(values: Values, url: string, env: NodeJS.ProcessEnv): ClusterArguments {
  const token = values.token ?? env['WATCHBELL_TOKEN'];
  if (!z.url({ protocol: /^https?$/ }).safeParse(url).success)
    throw new CommandError(`--url ${url} is no http address.`);
  if (!token)
    throw new CommandError('--url needs --token (or WATCHBELL_TOKEN): a token with the role admin or operator.');
  const seconds = whole('--seconds', values.seconds, leastSeconds, mostSeconds);
  return { url: new URL(url).origin, token, seconds, witness: witnessOf(values['witness-url']) };
}

function witnessOf(given: string | undefined): ClusterArguments['witness'] {
  if (given === undefined) {
    throw new CommandError('--url needs --witness-url host:port: where your hosts reach this machine.');
  }
  const text = given.includes('://') ? given : `http://${given}`;
  const url = URL.canParse(text) ? new URL(text) : null;
  if (url === null || url.protocol !== 'http:' || url.port === '') {
    throw new CommandError(`--witness-url ${given}: give host:port, such as 10.1.2.3:7900.`);
  }
  return { host: url.hostname, port: Number(url.port) };
}

function whole(name: string, text: string, least: number, most: number): number {
  const number = Number(text);
  if (Number.isInteger(number) && number >= least && number <= most && text.trim() !== '') return number;
  throw new CommandError(`${name} ${text}: give a whole number from ${least} to ${most}.`);
}
