import { CodecError } from '../core/errors.ts';

/** Names of metrics from `a,b,c`; undefined for nothing. Throws `bad-argument` for one there is not. */
export async function parseMetricNames(list: string | undefined) {
  if (list === undefined) return undefined;
  const { metricNames } = await import('../../eval/index.ts');
  const { closest } = await import('fastest-levenshtein');
  return splitList(list).map((name) => {
    const known = metricNames.find((each) => each === name);
    if (known !== undefined) return known;
    throw new CodecError('bad-argument', {
      what: `there is no metric "${name}"`,
      expected: `${closest(name, metricNames)} or another of ${metricNames.join(', ')}`,
    });
  });
}

/** Words separated by commas. */
export function splitList(list: string | undefined): string[] {
  return (list ?? '').split(',').filter(Boolean);
}
