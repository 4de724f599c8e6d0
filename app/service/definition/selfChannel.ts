import { isJsonObject, type JsonObject } from '../../domain/mergePatch';
import { selfChannelName } from '../../domain/selfWatch/troubles';
import { channelModel } from '../../model/definition';
import type { StoredChannel } from '../../repository/selfObservations';
import type { SecretBox } from './secretBox';
import { open } from './secrets';
import { plain } from './writes';

interface OpenedChannel {
  kind: string;
  revision: number;
  settings: JsonObject;
}

/** Opens the stored channel `self`. What it answers throws SettingsError where the key does not fit. */
export function openSelfChannel(box: SecretBox): (stored: StoredChannel) => OpenedChannel {
  return ({ kind, revision, settings }) => {
    const sealed: unknown = plain(settings);
    const opened = open(isJsonObject(sealed) ? sealed : {}, box, `${channelModel.collection}/${selfChannelName}`);
    return { kind, revision, settings: opened };
  };
}
