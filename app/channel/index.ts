import { z } from 'zod';
import { ChannelError } from '../domain/errors';
import { safeParseStored } from '../domain/unknownFields';
import type { AnyChannel, Channel } from './types';
import { webhook } from './webhook';
import { wecomRobot } from './wecomRobot';

const all: AnyChannel[] = [erase(wecomRobot), erase(webhook)];

/** Every kind of channel by its name. */
export const channels: ReadonlyMap<string, AnyChannel> = new Map(all.map(channel => [channel.kind, channel]));

/** Settings come from the storage as unknown: the channel's own schema gives them their type back. */
function erase<Settings>(channel: Channel<Settings>): AnyChannel {
  const parse = (given: unknown): Settings => parseSettings(channel, given);
  return {
    kind: channel.kind,
    settings: channel.settings,
    idempotent: channel.idempotent,
    onUncertain: given => channel.onUncertain(parse(given)),
    budget: given => channel.budget(parse(given)),
    parts: (given, message, context) => channel.parts(parse(given), message, context),
    send: async (given, part, context) => channel.send(parse(given), part, context),
  };
}

function parseSettings<Settings>({ kind, settings }: Channel<Settings>, given: unknown): Settings {
  const parsed = safeParseStored(settings, given);
  if (parsed.success) return parsed.data;
  const message = `The stored settings are not valid for ${kind}: ${z.prettifyError(parsed.error)}. Save the channel again.`;
  throw new ChannelError('settings', message, { retryable: false, broken: true });
}
