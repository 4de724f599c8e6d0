import { type Namespace, namespace } from '../cluster/namespace';
import { Passage } from '../cluster/passage';

/** How one host reaches MongoDB, and how it is cut off from it alone: the witness and the API stay in reach. */
export interface Network {
  /** What the host is told of MongoDB; directConnection, because the address that the set names is not its own. */
  mongodbUrl: string;
  prefix: string[];
  /** Where the host listens; undefined for 127.0.0.1. */
  address: string | undefined;
  /** As a pulled cable: what is sent is lost without a word. */
  cut(): void;
  mend(): void;
  remove(): Promise<void>;
}

export interface Networks {
  /** What holds the hosts apart, for the person. */
  what: string;
  each: Network[];
  /** Where all of them reach the witness. */
  witnessAddress: string;
}

/** Which addresses of this machine a namespace sees, beside its gateway. */
const last = { mongodb: 5, witness: 9 } as const;

/** A network of its own for each host: namespaces where this machine allows them, otherwise proxies that fall silent. */
export async function networks(count: number, mongodbPort: number): Promise<Networks> {
  const spaces: Namespace[] = [];
  for (let index = 0; index < count; index += 1) {
    const own = namespace(index);
    if (own !== null) spaces.push(own);
  }
  const [first] = spaces;
  if (first !== undefined && spaces.length === count) {
    const witnessAddress = first.also(last.witness).address;
    const each = await Promise.all(spaces.map(space => spaced(space, mongodbPort)));
    return { what: 'network namespaces', each, witnessAddress };
  }
  for (const space of spaces) space.remove();
  const each = await Promise.all(Array.from({ length: count }, () => proxied(mongodbPort)));
  return { what: 'a TCP proxy for each host (no right to make network namespaces)', each, witnessAddress: '127.0.0.1' };
}

async function spaced(space: Namespace, mongodbPort: number): Promise<Network> {
  const mongodb = space.also(last.mongodb);
  const passage = await new Passage(mongodb.address, mongodbPort).start();
  return {
    mongodbUrl: direct(mongodb.address, passage.port),
    prefix: space.prefix,
    address: space.address,
    cut: () => mongodb.take(),
    mend: () => mongodb.add(),
    remove: async () => {
      await passage.stop();
      space.remove();
    },
  };
}

async function proxied(mongodbPort: number): Promise<Network> {
  const passage = await new Passage('127.0.0.1', mongodbPort).start();
  return {
    mongodbUrl: direct('127.0.0.1', passage.port),
    prefix: [],
    address: undefined,
    cut: () => passage.silence(),
    mend: () => passage.mend(),
    remove: () => passage.stop(),
  };
}

function direct(address: string, port: number): string {
  return `mongodb://${address}:${port}/?directConnection=true`;
}
