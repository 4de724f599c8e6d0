import { Receiver } from './receiver';

/** Arguments: the file to write, the port (0 for any), the addresses to listen on. Tells its parent the port. */
async function main(): Promise<void> {
  const [file = '', port = '0', ...addresses] = process.argv.slice(2);
  const receiver = new Receiver(file);
  // Ctrl-C reaches the whole terminal; when it is over is for the drill to say, by its own end too.
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => undefined);
  process.once('disconnect', () => process.exit(0));
  process.send?.({ port: await receiver.listen(addresses, Number(port)) });
}

main().catch(error => {
  process.send?.({ error: error instanceof Error ? error.message : String(error) });
  process.exitCode = 1;
  process.disconnect?.();
});
