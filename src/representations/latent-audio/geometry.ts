import { type ContextShape, contextPart, macPerLatent } from '../../fitting/latents/context-shape.ts';
import type { NetworkPart } from '../../fitting/network.ts';
import type { FormatOf } from '../../fitting/representation.ts';
import type { LatentAudioOptions } from './options.ts';

/** Frames that a row of gains is for. */
export const FRAMES_PER_GAIN = 2;
/** Rows before a tile that contexts reach, and after it that the synthesis sees. */
export const ROWS_BEFORE = 3;
export const ROWS_AFTER = 1;
/** Weights between two bands are multiples of one over this, those between two rows of gains of a quarter. */
export const BAND_PARTS = 16;
export const ROW_PARTS = 4;
export const SPREAD_PARTS = BAND_PARTS * ROW_PARTS;
/** Contexts of gains: they are few. */
const GAIN_CONTEXTS = 10;
const [MIN_HOP, MAX_HOP] = [8, 2048];
const HOP_MULTIPLE = 4;
export const MAX_CHANNELS = 8;

/** What the synthesis knows of a coefficient: its neighbours along frequency, along time, those around, gain, band, step, one. */
export const FEATURES = 7;

/**
 * Where a frequency lies on the Bark scale (Traunmüller 1990), from 0. Additions, products and quotients only: the same on
 * every machine.
 */
export function barkOf(frequencyHz: number): number {
  return Math.max(0, (26.81 * frequencyHz) / (1960 + frequencyHz) - 0.53);
}

/** The frequency that lies so far on the scale: the inverse of `barkOf`. */
export function frequencyAt(bark: number): number {
  return (1960 * (bark + 0.53)) / (26.81 - (bark + 0.53));
}

/** Width of a critical band in Hz: the slope of the inverse of `barkOf`. */
export function bandwidthHz(frequencyHz: number): number {
  return (1960 + frequencyHz) ** 2 / (26.81 * 1960);
}

/** Sizes of a sound's frames, bands and grids. Channels lie side by side along frequency. */
export class AudioGeometry {
  readonly channels: number;
  readonly sampleRateHz: number;
  readonly lengthSamples: number;
  /** Samples from frame to frame: as many coefficients has a frame. */
  readonly hop: number;
  readonly frames: number;
  /** Of a channel. */
  readonly bands: number;
  /** [frames, channels * hop] */
  readonly fineSize: readonly [number, number];
  /** [rows, channels * bands] */
  readonly gainSize: readonly [number, number];
  /** Frames of a tile. */
  readonly tileFrames: number;
  /** Per coefficient of a channel: the lower of the two bands it lies between, and the weight of the other in BAND_PARTS. */
  readonly lowerBand: Int32Array;
  readonly upperWeight: Int32Array;

  constructor(options: LatentAudioOptions, { sampleRateHz, channels, lengthSamples }: FormatOf['audio']) {
    this.channels = channels;
    this.sampleRateHz = sampleRateHz;
    this.lengthSamples = lengthSamples;
    const hop = Math.round((sampleRateHz * options.hopMilliseconds) / 1000 / HOP_MULTIPLE) * HOP_MULTIPLE;
    this.hop = Math.max(MIN_HOP, Math.min(MAX_HOP, hop));
    this.frames = Math.ceil(lengthSamples / this.hop) + 1;
    this.bands = Math.max(1, Math.ceil(barkOf(sampleRateHz / 2)));
    this.fineSize = [this.frames, channels * this.hop];
    this.gainSize = [Math.ceil(this.frames / FRAMES_PER_GAIN), channels * this.bands];
    this.tileFrames = Math.min(options.tileFrames, this.gainSize[0] * FRAMES_PER_GAIN);
    const positions = Float64Array.from({ length: this.hop }, (_, k) => {
      const place = barkOf(this.frequencyHz(k)) - 0.5;
      return Math.max(0, Math.min(this.bands - 1, place));
    });
    this.lowerBand = Int32Array.from(positions, (place) => Math.floor(place));
    this.upperWeight = Int32Array.from(positions, (place, k) =>
      Math.round((place - this.lowerBand[k]!) * BAND_PARTS),
    );
  }

  /** Of a coefficient. */
  frequencyHz(k: number): number {
    return ((k + 0.5) * this.sampleRateHz) / 2 / this.hop;
  }

  get tiles(): number {
    return Math.ceil(this.frames / this.tileFrames);
  }

  /** Windows of a tile: its rows with those around. */
  get fineWindow(): [number, number] {
    return [this.tileFrames + ROWS_BEFORE + ROWS_AFTER, this.fineSize[1]];
  }

  get gainWindow(): [number, number] {
    return [this.tileFrames / FRAMES_PER_GAIN + ROWS_BEFORE + ROWS_AFTER, this.gainSize[1]];
  }

  /** First row of a tile's windows, perhaps before the grid's. */
  fineTop(tile: number): number {
    return tile * this.tileFrames - ROWS_BEFORE;
  }

  gainTop(tile: number): number {
    return (tile * this.tileFrames) / FRAMES_PER_GAIN - ROWS_BEFORE;
  }

  /** Weights from bands to coefficients, [channels * bands, channels * hop]. */
  bandMatrix(): Float32Array<ArrayBuffer> {
    const { channels, bands, hop } = this;
    const columns = channels * hop;
    const matrix = new Float32Array(channels * bands * columns);
    for (let c = 0; c < channels; c++) {
      for (let k = 0; k < hop; k++) {
        const at = (c * bands + this.lowerBand[k]!) * columns + c * hop + k;
        const upper = this.upperWeight[k]! / BAND_PARTS;
        matrix[at] = 1 - upper;
        if (upper > 0) matrix[at + columns] = upper;
      }
    }
    return matrix;
  }

  /** Weights from the rows of a window of gains to the frames of its tile, [tileFrames, rows]. */
  rowMatrix(): Float32Array<ArrayBuffer> {
    const [rows] = this.gainWindow;
    const matrix = new Float32Array(this.tileFrames * rows);
    for (let t = 0; t < this.tileFrames; t++) {
      const row = ROWS_BEFORE + (t >> 1);
      matrix[t * rows + row] = 1 - 1 / ROW_PARTS;
      matrix[t * rows + nextRow(row, t)] = 1 / ROW_PARTS;
    }
    return matrix;
  }

  /**
   * What a grid of a value per row and band gives each coefficient of a frame, times SPREAD_PARTS: exact where the values are
   * whole. The grid's edges are repeated.
   */
  spreadRow(frame: number, valueAt: (row: number, column: number) => number, into: Float64Array): void {
    const { hop, bands, channels, lowerBand, upperWeight, gainSize } = this;
    const own = Math.floor(frame / FRAMES_PER_GAIN);
    const next = Math.max(0, Math.min(gainSize[0] - 1, nextRow(own, frame)));
    for (let c = 0; c < channels; c++) {
      for (let k = 0; k < hop; k++) {
        const band = c * bands + lowerBand[k]!;
        const upper = upperWeight[k]!;
        let sum = (BAND_PARTS - upper) * ((ROW_PARTS - 1) * valueAt(own, band) + valueAt(next, band));
        if (upper > 0) sum += upper * ((ROW_PARTS - 1) * valueAt(own, band + 1) + valueAt(next, band + 1));
        into[c * hop + k] = sum;
      }
    }
  }

  /** The band in which each coefficient lies, [channels * hop]. */
  bandOfColumn(): Int32Array<ArrayBuffer> {
    return Int32Array.from(
      { length: this.fineSize[1] },
      (_, i) => this.lowerBand[i % this.hop]! + (2 * this.upperWeight[i % this.hop]! >= BAND_PARTS ? 1 : 0),
    );
  }
}

/** The row of gains besides its own that a frame is near to. */
export function nextRow(row: number, frame: number): number {
  return frame % FRAMES_PER_GAIN === 0 ? row - 1 : row + 1;
}

/** Gains: beside them is their band. */
export function gainShape({ contextWidth }: LatentAudioOptions): ContextShape {
  return { name: 'gain-context', contexts: GAIN_CONTEXTS, beside: 1, width: contextWidth };
}

/** Coefficients: beside them are the gain there, their band and the step. */
export function fineShape({ contexts, contextWidth }: LatentAudioOptions): ContextShape {
  return { name: 'fine-context', contexts, beside: 3, width: contextWidth };
}

/** The networks' tensors, in the order in which they are coded. */
export function networkParts(options: LatentAudioOptions): NetworkPart[] {
  const { width } = options;
  return [
    contextPart(gainShape(options)),
    contextPart(fineShape(options)),
    {
      name: 'synthesis',
      exponents: [4, 12],
      tensors: [
        { name: 'synthesis.0', shape: [FEATURES, width - 1] },
        { name: 'synthesis.1', shape: [width, 2] },
        { name: 'synthesis.skip', shape: [FEATURES, 2] },
      ],
    },
  ];
}

/** Multiplications with additions per sample of one channel that a decoder does. */
export function macPerSample(options: LatentAudioOptions, { bands, hop }: AudioGeometry): number {
  const { width } = options;
  const synthesis = FEATURES * (width + 1) + 2 * width;
  const gains = (macPerLatent(gainShape(options)) * bands) / (FRAMES_PER_GAIN * hop);
  return Math.round(macPerLatent(fineShape(options)) + gains + synthesis + 2 * hop);
}
