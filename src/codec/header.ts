import type { ContainerHeader } from '../bitstream/container.ts';
import { CodecError } from '../core/errors.ts';

/** Header of a .codec file that holds sound. */
export type AudioHeader = Extract<ContainerHeader, { kind: 'audio' }>;

/** Throws `bad-container` unless the file holds sound. */
export function assertAudioHeader(header: ContainerHeader): asserts header is AudioHeader {
  if (header.kind === 'audio') return;
  throw new CodecError('bad-container', {
    what: 'this .codec file does not hold sound',
    found: header.kind,
    expected: 'audio',
    remedy: 'Update neural-codec.',
  });
}
