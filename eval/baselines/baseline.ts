import type { ImageSignal } from '../../src/index.ts';
import type { FfmpegUse } from './ffmpeg.ts';

/** Values of a codec's knobs by name, its main one among them. */
export type Settings = Readonly<Record<string, string>>;

interface BaselineFacts {
  readonly about: string;
  /** The knob that trades rate for quality: what a bare value in `opus@6` means. */
  readonly knob: {
    readonly name: string;
    readonly unit: string;
    /** What `@all` means: settings over the useful range, from low rate to high. */
    readonly ladder: readonly number[];
    readonly range: readonly [number, number];
    /** Whether only whole numbers do. */
    readonly whole: boolean;
  };
  /** Other knobs: default, and what they can be. */
  readonly options: Readonly<Record<string, readonly [string, ...string[]]>>;
}

/** A codec of ffmpeg for sound, in a file of its usual container. */
export interface AudioBaseline extends BaselineFacts {
  readonly media: 'audio';
  readonly encoder: string;
  readonly extension: string;
  encodeArgs(settings: Settings): string[];
  readonly decodeArgs: readonly string[];
}

/** A codec of ffmpeg for video, as a raw stream. */
export interface VideoBaseline extends BaselineFacts {
  readonly media: 'video';
  readonly encoder: string;
  readonly format: string;
  encodeArgs(settings: Settings): string[];
}

/** A codec for pictures. */
export interface ImageBaseline extends BaselineFacts {
  readonly media: 'image';
  /** Why it cannot be used here; undefined when it can. */
  whyAbsent(): string | undefined;
  encode(image: ImageSignal, settings: Settings): Promise<Made<Uint8Array>>;
  decode(bytes: Uint8Array): Promise<Made<ImageSignal>>;
}

/** What a codec for pictures gave, and what it took where it ran as a process of its own. */
export interface Made<T> {
  readonly result: T;
  readonly use?: FfmpegUse;
}

export type Baseline = AudioBaseline | ImageBaseline | VideoBaseline;
