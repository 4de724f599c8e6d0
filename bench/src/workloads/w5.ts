import type { Bench } from '../bench';
import { type Compared, peersOf, ratios, rowsOf, type Series, seriesOf } from '../comparison';
import { expressions, questionZone } from '../nextQuestions';
import { differAwayFromChanges } from '../offsetChanges';
import type { Measured } from '../protocol';
import { median } from '../statistics';
import type { Subject } from '../subjects';
import { atLeast, type Check, exactly, type Result, resultOf } from '../verdict';

const cpuMs = 300;
const parsedGoal = 10;
const fromTextGoal = 2;

/** Next occurrences in a zone, of expressions that are parsed already and from their texts. */
export async function w5(bench: Bench): Promise<Result> {
  const { watchbellNext, cronParserNext, cronerNext, cronNext } = bench.subjects;
  const subjects = [watchbellNext, cronParserNext, cronerNext, cronNext];
  const answers = new Map<Subject, Measured['answers']>();
  bench.say(`W5: next occurrence in ${questionZone}`);
  const all = await bench.inTurn(
    subjects,
    () => ({ kind: 'next', cpuMs }),
    (subject, measured) => answers.set(subject, measured.answers),
  );
  const own = seriesOf(all, watchbellNext);
  const speed = expressions.flatMap(({ name, cron }) => [
    ratioCheck(own, all, `${cron}, parsed`, parsedFigure(name), parsedGoal),
    ratioCheck(own, all, `${cron}, from text`, fromTextFigure(name), fromTextGoal),
  ]);
  const agreement = expressions.map(({ name, cron }) => {
    const ours = answers.get(watchbellNext)?.[name] ?? [];
    const theirs = answers.get(cronParserNext)?.[name] ?? [];
    return exactly(
      `${cron}: answers other than cron-parser's, away from offset changes`,
      differAwayFromChanges(ours, theirs, questionZone),
      0,
    );
  });
  const compared = expressions.flatMap(({ name }) => [parsedFigure(name), fromTextFigure(name)]).map(higher);
  return resultOf('W5', [...speed, ...agreement], rowsOf(all, questionZone, compared));
}

const parsedFigure = (name: string) => `${name}ParsedPerSecond`;
const fromTextFigure = (name: string) => `${name}FromTextPerSecond`;
const higher = (figure: string): Compared => ({ figure, better: 'higher' });

function ratioCheck(own: Series, all: readonly Series[], what: string, figure: string, goal: number): Check {
  return atLeast(`${what}: × the best peer`, median(ratios(own, peersOf(all, own), higher(figure))), goal);
}
