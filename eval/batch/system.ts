import type { AudioSignal, Codes, ImageSignal } from '../../src/index.ts';
import type { Item } from './items.ts';

/** What coding an item gave. */
export interface Coded {
  readonly bytes: number;
  /** Without the container around it: headers, checksums, index; absent where that cannot be told. */
  readonly payloadBytes?: number;
  readonly encodeSeconds: number;
  readonly decodeSeconds: number;
  readonly peakMemoryBytes: number;
  readonly reference: AudioSignal | ImageSignal | { readonly kind: 'video'; readonly path: string };
  readonly decoded: AudioSignal | ImageSignal | { readonly kind: 'video'; readonly path: string };
  readonly codes?: Codes;
}

/** A codec at a setting, ready to code items one after another. */
export interface System {
  /**
   * @param scratch a folder for files that need not last
   * @param unfinished a folder for what another run could go on from should this one end too soon
   */
  run(item: Item, scratch: string, unfinished: string): Promise<Coded>;
}
