/** Stages that only read. What is not named here is refused, also what MongoDB adds later. */
const stages = new Set(
  [
    '$addFields $bucket $bucketAuto $count $densify $facet $fill $geoNear $graphLookup $group $limit $lookup $match',
    '$project $redact $replaceRoot $replaceWith $sample $set $setWindowFields $skip $sort $sortByCount $unionWith $unset $unwind',
  ]
    .join(' ')
    .split(' '),
);
/** Writes, or runs JavaScript: refused wherever it stands. */
const never = new Set(['$out', '$merge', '$function', '$where', '$accumulator', '$code']);
/** Which field of a stage names another collection. */
const collectionFields: ReadonlyMap<string, string> = new Map([
  ['$lookup', 'from'],
  ['$graphLookup', 'from'],
  ['$unionWith', 'coll'],
]);
const deepest = 50;

export interface PipelineFault {
  path: (string | number)[];
  message: string;
}

/** The first thing in a pipeline that may do more than read this database; null where there is none. Paths begin in the pipeline. */
export function pipelineFault(pipeline: readonly unknown[]): PipelineFault | null {
  return forbiddenAnywhere(pipeline, []) ?? stagesFault(pipeline, []);
}

function forbiddenAnywhere(value: unknown, path: (string | number)[]): PipelineFault | null {
  if (path.length > deepest) return { path: path.slice(0, 5), message: `is nested deeper than ${deepest} levels` };
  for (const [key, inner] of entriesOf(value)) {
    const at = [...path, key];
    if (typeof key === 'string' && never.has(key))
      return { path: at, message: `${key} is refused: a source only reads` };
    const fault = forbiddenAnywhere(inner, at);
    if (fault !== null) return fault;
  }
  return null;
}

function stagesFault(pipeline: unknown, path: (string | number)[]): PipelineFault | null {
  if (!Array.isArray(pipeline)) return { path, message: 'must be an array of stages' };
  for (const [index, stage] of pipeline.entries()) {
    const [first, ...more] = entriesOf(stage);
    const at = [...path, index];
    if (first === undefined || more.length > 0) return { path: at, message: 'must be an object with one stage' };
    const fault = stageFault(String(first[0]), first[1], [...at, first[0]]);
    if (fault !== null) return fault;
  }
  return null;
}

function stageFault(name: string, body: unknown, path: (string | number)[]): PipelineFault | null {
  if (!stages.has(name))
    return { path, message: `${name} is no stage that a source may use: ${[...stages].join(', ')}` };
  const fields = new Map(entriesOf(body));
  if (name === '$facet')
    return firstFault(
      [...fields].map(
        ([key, inner]) =>
          () =>
            stagesFault(inner, [...path, key]),
      ),
    );
  return firstFault([
    () => otherDatabase(name, body, fields, path),
    () =>
      collectionFields.has(name) && fields.has('pipeline')
        ? stagesFault(fields.get('pipeline'), [...path, 'pipeline'])
        : null,
  ]);
}

/** `from: {db, coll}` would leave the database of the settings. */
function otherDatabase(
  name: string,
  body: unknown,
  fields: ReadonlyMap<string | number, unknown>,
  path: (string | number)[],
): PipelineFault | null {
  const field = collectionFields.get(name);
  if (field === undefined) return null;
  const message = 'must be the name of a collection of this database, other than system.*';
  if (typeof body === 'string') return isCollection(body) ? null : { path, message };
  if (fields.has('db')) return { path: [...path, 'db'], message };
  const collection = fields.get(field);
  return collection === undefined || isCollection(collection) ? null : { path: [...path, field], message };
}

function isCollection(name: unknown): boolean {
  return typeof name === 'string' && !name.startsWith('system.');
}

function firstFault(checks: (() => PipelineFault | null)[]): PipelineFault | null {
  for (const check of checks) {
    const fault = check();
    if (fault !== null) return fault;
  }
  return null;
}

function entriesOf(value: unknown): [string | number, unknown][] {
  if (Array.isArray(value)) return [...value.entries()];
  return typeof value === 'object' && value !== null ? Object.entries(value) : [];
}
