import path from 'node:path';
import { closest } from 'fastest-levenshtein';
import { CodecError } from '../core/errors.ts';
import { type DownloadOptions, discard, download } from '../weights/download.ts';
import { makeFolder, partialFile } from '../weights/folders.ts';
import { withLock } from '../weights/lock.ts';
import { urlOf, weightsSources } from '../weights/sources.ts';
import { weightsFile, weightsNames } from '../weights/store.ts';
import { type ImportedWeights, importWeights } from './import-weights.ts';

export interface PullOptions
  extends Pick<DownloadOptions, 'onProgress' | 'attempts' | 'pauseMs' | 'silenceMs'> {
  /** Fetch again what is here. Default false. */
  readonly force?: boolean;
}

/** Weights fetched; undefined `imported` when they were here already. */
export interface PulledWeights {
  readonly name: string;
  readonly file: string;
  readonly imported?: ImportedWeights;
}

/**
 * Fetches weights that `models/sources.yaml` names into the cache: downloads (or goes on with a download), checks the
 * hash, imports. `HF_ENDPOINT` and `HF_TOKEN` are respected.
 * @throws `bad-argument` for an unknown name or a cache that cannot be written, `cannot-download`, `bad-weights`
 */
export async function pullWeights(name: string, options: PullOptions = {}): Promise<PulledWeights> {
  const { force = false, ...rest } = options;
  const { place } = weightsNames().find((known) => known.name === name) ?? {};
  if (place === 'shipped' || (place === 'cached' && !force)) return { name, file: weightsFile(name) };
  const source = Object.hasOwn(weightsSources(), name) ? weightsSources()[name] : undefined;
  if (!source) throw unknown(name);
  const url = urlOf(source);
  const part = partialFile(name);
  await makeFolder(path.dirname(part));
  return withLock(`${part}.lock`, async () => {
    await download(url, part, {
      ...rest,
      sha256: source.sha256,
      // The token is the hub's: no other host may see it.
      token: source.hub && process.env.HF_TOKEN,
    });
    try {
      const imported = await importWeights(part, { name, force, source: url });
      discard(part);
      return { name, file: imported.file, imported };
    } catch (error) {
      // A whole file that cannot be read will not get better; after a full disk it is still good.
      if (error instanceof CodecError && error.code === 'bad-weights') discard(part);
      throw error;
    }
  });
}

function unknown(name: string): CodecError {
  const names = Object.keys(weightsSources());
  return new CodecError('bad-argument', {
    what: `it is not known where to get weights "${name}"`,
    expected: `${closest(name, names)} or another of ${names.join(', ')}`,
    remedy: 'Weights from elsewhere: codec weights import FILE.',
  });
}
