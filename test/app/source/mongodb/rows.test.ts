import { BSON } from 'mongodb';
import { describe, expect, it } from 'vitest';
import { seriesOf } from '../../../../app/source/mongodb/rows';

describe('documents as series', () => {
  it('take the fields of a grouped _id for labels, and leave an empty _id out', () => {
    expect(seriesOf([{ _id: { host: 'a', code: 404 }, value: 3 }])).toEqual([
      { labels: { host: 'a', code: '404' }, value: 3 },
    ]);
    expect(seriesOf([{ _id: null, total: 3 }])).toEqual([{ labels: {}, value: 3 }]);
  });

  it('never take _id for the value', () => {
    expect(seriesOf([{ _id: 404, requests: 3 }])).toEqual([{ labels: { _id: '404' }, value: 3 }]);
    expect(() => seriesOf([{ _id: 404 }])).toThrow(/No column is a number/);
  });

  it.each([
    [5, 5],
    [2.5, 2.5],
    [new BSON.Int32(5), 5],
    [new BSON.Double(2.5), 2.5],
    [BSON.Long.fromString('9007199254740993'), 9007199254740992],
    [BSON.Decimal128.fromString('12.5'), 12.5],
  ])('read the number %s', (given, value) => {
    expect(seriesOf([{ value: given }])).toEqual([{ labels: {}, value }]);
  });

  it('write every other value as a label', () => {
    const id = new BSON.ObjectId();
    const labels = { id, at: new Date(0), ok: true, list: [1], inner: { a: 1 }, none: null };
    expect(seriesOf([{ ...labels, value: 1 }])).toEqual([
      {
        labels: {
          id: id.toHexString(),
          at: '1970-01-01T00:00:00.000Z',
          ok: 'true',
          list: '[1]',
          inner: '{"a":1}',
          none: '',
        },
        value: 1,
      },
    ]);
  });

  it('leave out what has no value, and name what is no number', () => {
    expect(
      seriesOf([{ name: 'a', value: null }, { name: 'b', value: 2 }, { name: 'c' }, { name: 'd', value: Number.NaN }]),
    ).toEqual([{ labels: { name: 'b' }, value: 2 }]);
    expect(() => seriesOf([{ value: 1 }, { value: 'x' }])).toThrow('The column "value" is no number (string)');
  });
});
