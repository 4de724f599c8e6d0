import { describe, expect, it } from 'vitest';
import { type Column, toSeries } from '../../../app/domain/series';

const column = (name: string, numeric: boolean): Column => ({ name, numeric, type: numeric ? 'UInt64' : 'String' });

describe('rows as series', () => {
  it('take the column "value", wherever it stands, and the others for labels', () => {
    const columns = [column('host', false), column('value', true), column('code', true)];
    expect(
      toSeries(columns, [
        ['a', 1, 404],
        ['b', 2, 404],
      ]),
    ).toEqual([
      { labels: { host: 'a', code: '404' }, value: 1 },
      { labels: { host: 'b', code: '404' }, value: 2 },
    ]);
  });

  it('take the only number where none is called "value"', () => {
    expect(toSeries([column('host', false), column('n', true)], [['a', 1]])).toEqual([
      { labels: { host: 'a' }, value: 1 },
    ]);
  });

  it('know no series where the value is NULL or no finite number, and an empty label where that is NULL', () => {
    const columns = [column('host', false), column('value', true)];
    const rows = [
      ['a', null],
      ['b', Number.NaN],
      ['c', Number.POSITIVE_INFINITY],
      [null, 0],
    ];
    expect(toSeries(columns, rows)).toEqual([{ labels: { host: '' }, value: 0 }]);
    expect(toSeries(columns, [])).toEqual([]);
  });

  it.each([
    [[column('a', true), column('b', true)], [[1, 2]], 'ambiguousValue', 'Several columns are numbers (a, b)'],
    [[column('a', false)], [['x']], 'notNumeric', 'No column is a number (a String)'],
    [[column('value', false), column('b', true)], [['x', 1]], 'notNumeric', 'The column "value" is no number (String)'],
    [
      [column('h', false), column('n', true)],
      [
        ['x', 1],
        ['x', 2],
      ],
      'duplicateSeries',
      'with the same labels (h=x)',
    ],
    [[column('n', true)], [[1], [2]], 'duplicateSeries', 'Several rows and none has a label'],
  ])('name the columns that leave it open: %j', (columns, rows, code, message) => {
    expect(() => toSeries(columns, rows)).toThrow(
      expect.objectContaining({ code, message: expect.stringContaining(message) }),
    );
  });
});
