import type { EcdcHeader } from '../bitstream/ecdc-header.ts';
import { CodecError } from '../core/errors.ts';

export function truncated(position: number): CodecError {
  return new CodecError('bad-container', {
    what: 'the .ecdc file is truncated',
    found: `its end at byte ${position}`,
    expected: 'more codes',
    remedy: 'Get the file again from its source, or decode it with --best-effort for what there is.',
  });
}

export function trailing(position: number, { languageModel }: EcdcHeader): CodecError {
  return new CodecError('bad-container', {
    what: `the .ecdc file goes on after its last code, at byte ${position}`,
    remedy: languageModel
      ? 'It is damaged, or was written with another language model, program or type of processor; --best-effort decodes it all the same.'
      : 'It is damaged; --best-effort decodes it all the same.',
  });
}

export function notACode(found: number, codebookSize: number): CodecError {
  return new CodecError('bad-container', {
    what: 'the .ecdc file is damaged',
    found: `index ${found}`,
    expected: `less than ${codebookSize}`,
  });
}
