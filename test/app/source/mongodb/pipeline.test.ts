import { describe, expect, it } from 'vitest';
import { pipelineFault } from '../../../../app/source/mongodb/pipeline';

describe('a pipeline', () => {
  it.each([
    [[]],
    [[{ $match: { status: 404 } }, { $group: { _id: '$path', value: { $sum: 1 } } }, { $sort: { value: -1 } }]],
    [[{ $lookup: { from: 'hosts', pipeline: [{ $match: {} }], as: 'host' } }, { $unwind: '$host' }]],
    [[{ $lookup: { from: 'hosts', localField: 'a', foreignField: 'b', as: 'host' } }]],
    [[{ $facet: { all: [{ $count: 'value' }], some: [{ $match: {} }, { $count: 'value' }] } }]],
    [[{ $unionWith: 'other' }, { $unionWith: { coll: 'other', pipeline: [{ $limit: 1 }] } }]],
    [[{ $graphLookup: { from: 'tree', startWith: '$a', connectFromField: 'a', connectToField: 'b', as: 'x' } }]],
    [[{ $setWindowFields: { sortBy: { ts: 1 }, output: { value: { $sum: '$n' } } } }]],
    [[{ $project: { out: 1, merge: 1, function: '$where' } }]],
  ])('may read: %j', pipeline => {
    expect(pipelineFault(pipeline)).toBeNull();
  });

  const js = { body: 'function() { return 1 }', args: [], lang: 'js' };
  it.each([
    [[{ $out: 'copy' }], '0.$out'],
    [[{ $match: {} }, { $merge: { into: 'copy' } }], '1.$merge'],
    [[{ $match: { $where: 'true' } }], '0.$match.$where'],
    [[{ $match: { $or: [{ a: 1 }, { $where: 'true' }] } }], '0.$match.$or.1.$where'],
    [[{ $project: { x: { $function: js } } }], '0.$project.x.$function'],
    [[{ $match: { $expr: { $gt: [{ $function: js }, 1] } } }], '0.$match.$expr.$gt.0.$function'],
    [[{ $group: { _id: 1, value: { $accumulator: js } } }], '0.$group.value.$accumulator'],
    [[{ $match: { a: { $code: 'f' } } }], '0.$match.a.$code'],
    [[{ $lookup: { from: 'a', as: 'b', pipeline: [{ $match: {} }, { $out: 'c' }] } }], '0.$lookup.pipeline.1.$out'],
    [[{ $facet: { a: [{ $merge: 'c' }] } }], '0.$facet.a.0.$merge'],
    [[{ $unionWith: { coll: 'a', pipeline: [{ $merge: 'c' }] } }], '0.$unionWith.pipeline.0.$merge'],
  ])('may neither write nor run code: %j', (pipeline, path) => {
    expect(pipelineFault(pipeline)).toMatchObject({ message: expect.stringContaining('a source only reads') });
    expect(pipelineFault(pipeline)?.path.join('.')).toBe(path);
  });

  it.each([
    [[{ $currentOp: {} }], '0.$currentOp'],
    [[{ $listSessions: {} }], '0.$listSessions'],
    [[{ $changeStream: {} }], '0.$changeStream'],
    [[{ $indexStats: {} }], '0.$indexStats'],
    [[{ $brandNew: {} }], '0.$brandNew'],
    [[{ match: {} }], '0.match'],
    [[{ $lookup: { from: 'a', as: 'b', pipeline: [{ $collStats: {} }] } }], '0.$lookup.pipeline.0.$collStats'],
    [[{ $facet: { a: [{ $currentOp: {} }] } }], '0.$facet.a.0.$currentOp'],
    [
      [{ $unionWith: { coll: 'a', pipeline: [{ $facet: { x: [{ $planCacheStats: {} }] } }] } }],
      '0.$unionWith.pipeline.0.$facet.x.0.$planCacheStats',
    ],
  ])('holds no stage that nobody has looked at: %j', (pipeline, path) => {
    expect(pipelineFault(pipeline)?.path.join('.')).toBe(path);
    expect(pipelineFault(pipeline)?.message).toMatch(/is no stage that a source may use: .*\$match/);
  });

  it.each([
    [[{ $lookup: { from: { db: 'local', coll: 'oplog.rs' }, as: 'x', pipeline: [] } }], '0.$lookup.from'],
    [[{ $unionWith: { db: 'local', coll: 'oplog.rs' } }], '0.$unionWith.db'],
    [[{ $unionWith: { coll: { db: 'a', coll: 'b' } } }], '0.$unionWith.coll'],
    [[{ $graphLookup: { from: 'system.users' } }], '0.$graphLookup.from'],
    [[{ $unionWith: 'system.profile' }], '0.$unionWith'],
  ])('stays in its database: %j', (pipeline, path) => {
    expect(pipelineFault(pipeline)?.path.join('.')).toBe(path);
  });

  it('has one stage in each object, and is not endlessly deep', () => {
    expect(pipelineFault([{ $match: {}, $limit: 1 }])?.message).toMatch(/one stage/);
    expect(pipelineFault([{}])?.message).toMatch(/one stage/);
    expect(pipelineFault(['$match'])?.message).toMatch(/one stage/);
    const deep = JSON.parse(`${'['.repeat(60)}${']'.repeat(60)}`);
    expect(pipelineFault([{ $match: { a: deep } }])?.message).toMatch(/deeper than 50/);
  });
});
