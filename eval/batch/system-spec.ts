import { closest } from 'fastest-levenshtein';
import { CodecError, isFitted, loadAnyRecipe, loadFittedRecipe, loadRecipe } from '../../src/index.ts';
import type { Settings } from '../baselines/baseline.ts';
import { type BaselineName, baselineNames, baselines } from '../baselines/catalogue.ts';
import { whyNoEncoder } from '../baselines/ffmpeg.ts';
import type { Media } from '../media.ts';
import { fittedKnobNames, fittedKnobs } from './fitted-knobs.ts';

/** One codec at one setting: a column of the comparison. Plain data, so that it can go to another process. */
export interface SystemSpec {
  readonly kind: 'recipe' | 'baseline';
  /** As in `opus@6:frame=60`: its name in rows and tables. */
  readonly label: string;
  /** Label without the knob: systems that form one curve. */
  readonly family: string;
  readonly name: string;
  readonly media: Media;
  /** Value of the knob that trades rate for quality. */
  readonly knob: number;
  readonly settings: Settings;
}

/**
 * Systems from words such as `encodec-24k@bitrate=3`, `encodec-24k@all`, `opus@6`, `jpeg@q=30:chroma=4:4:4`. Without a
 * value: a recipe at its default bitrate or quality, a baseline at all steps of its ladder. Settings of a recipe other than
 * `bitrate`, or than `preset` and one of `quality`, `bpp` and `bitrate` of one that is fitted, change the recipe, as `--set` does.
 *
 * Throws `bad-argument` or `bad-recipe`.
 */
export function parseSystems(kind: 'recipe' | 'baseline', words: readonly string[]): SystemSpec[] {
  const all = words.flatMap((word) => (kind === 'recipe' ? parseRecipe(word) : parseBaseline(word)));
  const labels = all.map(({ label }) => label);
  return all.filter(({ label }, i) => labels.indexOf(label) === i);
}

/** Why a system cannot run here, or undefined when it can. */
export function whyAbsent({ kind, name }: SystemSpec): string | undefined {
  if (kind === 'recipe') return undefined;
  const baseline = baselines[name as BaselineName];
  return baseline.media === 'image' ? baseline.whyAbsent() : whyNoEncoder(baseline.encoder);
}

/** Qualities that `all` means for a recipe that is fitted to each signal. */
const QUALITY_LADDER = [10, 30, 50, 70, 90];

function parseRecipe(word: string): SystemSpec[] {
  const [name] = word.split('@') as [string];
  return isFitted(loadAnyRecipe(name)) ? parseFitted(word) : parseTrained(word);
}

function parseTrained(word: string): SystemSpec[] {
  const { name, settings } = splitWord(word, 'bitrate');
  const { bitrate = 'default', ...changes } = settings;
  const { bitrates, media } = loadRecipe(name, assignments(changes));
  const chosen =
    bitrate === 'all'
      ? bitrates.kbps
      : [bitrate === 'default' ? bitrates.default : number(word, 'bitrate', bitrate)];
  return chosen.map((kbps) => {
    if (!bitrates.kbps.includes(kbps)) {
      const expected = `one of ${bitrates.kbps.join(', ')}, or all`;
      throw new CodecError('bad-argument', { what: `there is no ${word}`, found: `${kbps} kbps`, expected });
    }
    return build('recipe', name, media as Media, 'bitrate', kbps, changes);
  });
}

function parseFitted(word: string): SystemSpec[] {
  const { name, settings } = splitWord(word, 'quality');
  const knob = fittedKnobNames.find((each) => each in settings) ?? 'quality';
  const { [knob]: value = 'default', ...changes } = settings;
  const { preset, ...others } = changes;
  const { fit, media } = loadFittedRecipe(name, assignments(others));
  if (preset !== undefined && !Object.hasOwn(fit.presets, preset)) {
    const expected = Object.keys(fit.presets).join(', ');
    throw new CodecError('bad-argument', {
      what: `there is no ${word}`,
      found: `preset ${preset}`,
      expected,
    });
  }
  let chosen: readonly number[] = [value === 'default' ? fit.quality : number(word, knob, value)];
  if (knob === 'quality' && value === 'all') chosen = QUALITY_LADDER;
  const { media: holds, says, isIn } = fittedKnobs[knob];
  return chosen.map((each) => {
    if (!holds.includes(media) || !isIn(each)) {
      const [found, expected] = holds.includes(media) ? [`${each}`, says] : [media, holds.join(' or ')];
      throw new CodecError('bad-argument', { what: `there is no ${word}`, found, expected });
    }
    return build('recipe', name, media, knob, each, changes);
  });
}

function parseBaseline(word: string): SystemSpec[] {
  const [name] = word.split('@') as [string];
  if (!Object.hasOwn(baselines, name)) {
    throw new CodecError('bad-argument', {
      what: `there is no baseline "${name}"`,
      expected: `${closest(name, baselineNames)} or another of ${baselineNames.join(', ')}`,
    });
  }
  const { media, knob, options } = baselines[name as BaselineName];
  const { settings } = splitWord(word, knob.name);
  const { [knob.name]: value = 'all', ...changes } = settings;
  for (const [key, chosen] of Object.entries(changes)) {
    const known = (options as Record<string, readonly string[]>)[key];
    if (known?.includes(chosen)) continue;
    throw new CodecError('bad-argument', {
      what: `${name} has no setting ${key}=${chosen}`,
      expected: known
        ? `one of ${known.join(', ')}`
        : [knob.name, ...Object.keys(options)].map((each) => `${each}=`).join(', '),
    });
  }
  const values = value === 'all' ? knob.ladder : [number(word, knob.name, value)];
  return values.map((each) => {
    const [low, high] = knob.range;
    if (each < low || each > high || (knob.whole && !Number.isInteger(each))) {
      const expected =
        `${knob.whole ? 'a whole number' : 'a number'} from ${low} to ${high} ${knob.unit}`.trim();
      throw new CodecError('bad-argument', { what: `there is no ${word}`, found: `${each}`, expected });
    }
    return build('baseline', name, media, knob.name, each, changes);
  });
}

/** A spec with its labels. `changes`: settings other than the knob. */
export function build(
  kind: SystemSpec['kind'],
  name: string,
  media: Media,
  knobName: string,
  knob: number,
  changes: Settings,
): SystemSpec {
  const defaults =
    kind === 'baseline'
      ? Object.fromEntries(Object.entries(baselines[name as BaselineName].options).map(([k, v]) => [k, v[0]]))
      : {};
  const suffix = assignments(changes).join(':');
  const family = suffix ? `${name}:${suffix}` : name;
  const label = `${name}@${kind === 'recipe' ? `${knobName}=` : ''}${knob}${suffix ? `:${suffix}` : ''}`;
  const settings = { ...defaults, ...changes, [knobName]: String(knob) };
  return { kind, label, family, name, media, knob, settings };
}

/** Settings as `key=value`. */
export function assignments(settings: Settings): string[] {
  return Object.entries(settings).map(([key, value]) => `${key}=${value}`);
}

function splitWord(word: string, knobName: string): { name: string; settings: Record<string, string> } {
  const at = word.indexOf('@');
  if (at < 0) return { name: word, settings: {} };
  const settings: Record<string, string> = {};
  let last = '';
  for (const [i, part] of word
    .slice(at + 1)
    .split(':')
    .entries()) {
    const equals = part.indexOf('=');
    if (equals > 0) {
      last = part.slice(0, equals);
      settings[last] = part.slice(equals + 1);
    } else if (i === 0) settings[knobName] = part;
    // Values may have colons in them, as 4:2:0 has.
    else if (last) settings[last] += `:${part}`;
    else throw new CodecError('bad-argument', { what: `cannot read ${word}`, expected: 'key=value after :' });
  }
  return { name: word.slice(0, at), settings };
}

function number(word: string, key: string, text: string): number {
  const value = Number(text);
  if (text !== '' && Number.isFinite(value)) return value;
  const expected = `a number for ${key}, or all`;
  throw new CodecError('bad-argument', { what: `cannot read ${word}`, found: `"${text}"`, expected });
}
