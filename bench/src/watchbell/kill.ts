import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { runModel } from '../../../app/model/run';
import { eventually } from '../../../tools/cluster/eventually';
import type { WitnessEvent } from '../../../tools/drill/types';
import { Witness } from '../../../tools/drill/witness';
import { serveWith } from '../cluster/serve';
import { Stage } from '../cluster/stage';
import { storeJobs } from '../cluster/storedJobs';
import { noOpJob } from './plannedJob';

const tailMs = 15_000;

serveWith('kill', async ({ mongodbUrl, schedules, seconds, workMs }, started) => {
  const folder = started.add(mkdtempSync(path.join(tmpdir(), 'wb-bench-')), async one =>
    rmSync(one, { recursive: true }),
  );
  const options = { folder, addresses: ['127.0.0.1'], port: 0 };
  const witness = started.add(await Witness.start(options), one => one.stop());
  const stage = await started.add(new Stage(mongodbUrl), one => one.close()).prepare();
  const host = await stage.host('a').start();
  const from = Math.ceil((Date.now() + 4000) / 1000) * 1000;
  const to = from + seconds * 1000;
  const settings = { url: `http://127.0.0.1:${witness.port}/`, workMs, callMs: 5000 };
  const spec = noOpJob({
    ...{ settings, overlap: 'allow', schedule: { everyMs: 1000, anchorAt: new Date(0) } },
    ...{ startAt: new Date(from), endAt: new Date(to - 1) },
  });
  const jobs = Array.from({ length: schedules }, (_, index) => ({ name: `kill-${index}`, spec }));
  await storeJobs(stage.database, jobs);
  await sleep(from + (seconds / 3) * 1000 - Date.now());
  const [victim = 0] = host.workerPids();
  const inFlight = await eventually('the worker runs something', async () => {
    const found = flying(await witness.events(), `:${victim}:`);
    return found.size > 0 && found;
  });
  const killedAt = Date.now();
  process.kill(victim, 'SIGKILL');
  await sleep(to + tailMs - Date.now());
  return { figures: await judge(stage, await witness.events(), { due: schedules * seconds, inFlight, killedAt }) };
});

function flying(events: readonly WitnessEvent[], member: string): Set<string> {
  const own = events.filter(event => event.member.includes(member));
  const ended = new Set(own.filter(event => event.phase === 'end').map(event => event.occurrence));
  return new Set(own.map(event => event.occurrence).filter(occurrence => !ended.has(occurrence)));
}

/** From what the witness heard; of Watchbell's own records only that nothing was skipped instead. */
async function judge(
  stage: Stage,
  events: readonly WitnessEvent[],
  { due, inFlight, killedAt }: { due: number; inFlight: Set<string>; killedAt: number },
) {
  const starts = events.filter(event => event.phase === 'start');
  const once = new Set(starts.map(event => event.occurrence));
  const fenced = new Set(starts.map(event => `${event.occurrence}#${event.fence}`));
  const ended = new Set(events.filter(event => event.phase === 'end').map(event => event.occurrence));
  const again = starts.filter(event => inFlight.has(event.occurrence) && event.at > killedAt);
  return {
    due,
    missed: due - once.size,
    twice: starts.length - fenced.size,
    notEnded: due - ended.size,
    skipped: await stage.database.collection(runModel).countDocuments({ state: 'skipped' }),
    inFlight: inFlight.size,
    takenOver: new Set(again.map(event => event.occurrence)).size,
    takenOverMs: Math.max(0, ...again.map(event => event.at - killedAt)),
  };
}
