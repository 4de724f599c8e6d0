import { createServer, type Server, type Socket } from 'node:net';
import { BSON } from 'mongodb';

/** What a mongos says of itself; every other command gets the same answer. */
const hello = {
  ok: 1,
  helloOk: true,
  ismaster: true,
  isWritablePrimary: true,
  msg: 'isdbgrid',
  maxBsonObjectSize: 16_777_216,
  maxMessageSizeBytes: 48_000_000,
  maxWriteBatchSize: 100_000,
  minWireVersion: 0,
  maxWireVersion: 17,
};

const opReply = 1;
const opQuery = 2004;
const opMsg = 2013;
const headerBytes = 16;
/** Of OP_REPLY before its documents; the last four say how many there are. */
const replyBytes = 20;
/** Of OP_MSG before its document. */
const flagAndKindBytes = 5;

/** Speaks just enough of MongoDB's protocol to be taken for a mongos, of which there is no binary to run. */
export class MongosStandIn {
  private readonly sockets = new Set<Socket>();

  private constructor(
    private readonly server: Server,
    readonly url: string,
  ) {
    server.on('connection', socket => this.serve(socket));
  }

  static async start(): Promise<MongosStandIn> {
    const server = createServer();
    await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
    const address = server.address();
    if (address === null || typeof address === 'string') throw new Error('no port');
    return new MongosStandIn(server, `mongodb://127.0.0.1:${address.port}/watchbell`);
  }

  async stop(): Promise<void> {
    for (const socket of this.sockets) socket.destroy();
    await new Promise<void>(resolve => this.server.close(() => resolve()));
  }

  private serve(socket: Socket): void {
    this.sockets.add(socket);
    let received = Buffer.alloc(0);
    socket.on('error', () => socket.destroy());
    socket.on('close', () => this.sockets.delete(socket));
    socket.on('data', chunk => {
      received = Buffer.concat([received, chunk]);
      while (received.length >= headerBytes && received.length >= received.readInt32LE(0)) {
        const length = received.readInt32LE(0);
        socket.write(answerTo(received.subarray(0, length)));
        received = received.subarray(length);
      }
    });
  }
}

/** A handshake comes as OP_QUERY and is answered by OP_REPLY; all else comes and is answered as OP_MSG. */
function answerTo(request: Buffer): Buffer {
  const document = Buffer.from(BSON.serialize(hello));
  const asQuery = request.readInt32LE(12) === opQuery;
  const before = Buffer.alloc(asQuery ? replyBytes : flagAndKindBytes);
  if (asQuery) before.writeInt32LE(1, replyBytes - 4);
  const header = Buffer.alloc(headerBytes);
  header.writeInt32LE(headerBytes + before.length + document.length, 0);
  header.writeInt32LE(request.readInt32LE(4), 8);
  header.writeInt32LE(asQuery ? opReply : opMsg, 12);
  return Buffer.concat([header, before, document]);
}
