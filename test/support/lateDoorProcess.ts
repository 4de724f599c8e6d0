import { connect, createServer } from 'node:net';
import { z } from 'zod';

/** Argument: the port to lead to. Tells its parent where it listens, and whom it has let in. */
const target = Number(process.argv[2]);
const server = createServer(inner => {
  process.send?.({ arrived: inner.remotePort });
  const outer = connect(target, '127.0.0.1');
  inner.pipe(outer).pipe(inner);
  inner.on('error', () => outer.destroy());
  outer.on('error', () => inner.destroy());
});
server.listen({ port: 0, host: '127.0.0.1', backlog: 1 }, () => {
  process.send?.({ listening: z.object({ port: z.number() }).parse(server.address()).port });
});
process.once('disconnect', () => process.exit(0));
