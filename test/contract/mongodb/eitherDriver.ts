import { type ClientOptions, MongoClient as ModelClient } from '../../simulation/model/client';
import { real } from '../../simulation/model/real';

/** Of the hosts that are the model. */
export const modelHosts = 'model.test';

/** For `vi.mock('mongodb', …)`: by its URL a client is one of the model or of a real mongod. */
export function eitherDriver() {
  function MongoClient(url: string, options: ClientOptions) {
    const isModel = new URL(url.replace(/^mongodb:/, 'http:')).host.endsWith(modelHosts);
    return isModel ? new ModelClient(url, options) : new real.MongoClient(url, options);
  }
  return { ...real, MongoClient };
}
