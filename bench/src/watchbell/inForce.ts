import type { Host } from '../../../tools/cluster/host';
import { BenchApi } from '../cluster/api';
import { Loud } from '../cluster/loud';
import { RevisionsInForce } from '../cluster/revisionsInForce';
import { serveWith } from '../cluster/serve';
import { Stage } from '../cluster/stage';
import { percentile } from '../statistics';

/** Jobs that are muted side by side, each again and again. */
const jobs = 20;

serveWith('inForce', async ({ mongodbUrl, times }, started) => {
  const stage = await started.add(new Stage(mongodbUrl), one => one.close()).prepare();
  const token = await stage.token();
  const [a, b] = [await stage.host('a').start(), await stage.host('b').start()];
  const api = new BenchApi(a, token);
  const changes = await changed(stage, api, { a, b }, times);
  const loud = started.add(await Loud.start(stage, api), one => one.stop());
  await loud.define(jobs);
  const closes: number[] = [];
  const rounds = async (job: string) => {
    for (let round = 0; round < times / jobs; round += 1) closes.push(await loud.muteOnce(job));
  };
  await Promise.all(loud.names.map(rounds));
  return {
    figures: {
      ...changes,
      mutes: closes.length,
      closeP99Ms: share(closes, 0.99),
      sentAfterAnswer: await loud.sentAfterAnswer(),
      heldOnOther: await loud.heldBy(b.options.hostId),
    },
  };
});

/** How long after the answer to a write each member had reported it in force: the slowest of each host. */
async function changed(stage: Stage, api: BenchApi, { a, b }: { a: Host; b: Host }, times: number) {
  const inForce = await RevisionsInForce.watch(stage.database, [a.options.hostId, b.options.hostId]);
  const [same, across]: [number[], number[]] = [[], []];
  try {
    for (let index = 0; index < times; index += 1) {
      const body = {
        kind: 'drill',
        title: `change ${index}`,
        schedule: { cron: '0 0 1 1 *' },
        drill: { url: null, workMs: 0 },
      };
      const { body: answer } = await api.call('PUT', '/api/v1/jobs/changing', body);
      const answeredAt = Date.now();
      const reached = await inForce.everywhere(answer);
      same.push(Math.max(0, (reached.get(a.options.hostId) ?? Number.NaN) - answeredAt));
      across.push(Math.max(0, (reached.get(b.options.hostId) ?? Number.NaN) - answeredAt));
    }
  } finally {
    await inForce.close();
  }
  return {
    sameP50Ms: share(same, 0.5),
    sameP99Ms: share(same, 0.99),
    acrossP50Ms: share(across, 0.5),
    acrossP99Ms: share(across, 0.99),
  };
}

function share(values: readonly number[], part: number): number {
  return percentile(Float64Array.from(values).sort(), part);
}
